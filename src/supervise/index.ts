export type { ConfinedInstance, Confinement, SandboxPort } from "./confined.ts";
export { ControlServer } from "./control.ts";
export type { EarlyHost } from "./early-host.ts";
export { errorWithoutSecrets } from "./hide-secrets.ts";
export { Instance } from "./instance.ts";
export { workingFolder } from "./launch.ts";
export {
  diskUse,
  LimitMonitor,
  type ServicePressure,
  type TenantQuota,
  type TenantUse,
  type Usage,
  type UsageSample,
} from "./limits/index.ts";
export { type AgentMetrics, type EvolutionResult, type Hypothesis, type PortAgent, reloadAgent } from "./port/index.ts";
export { isPortFree } from "./ports.ts";
export type { Trace } from "./requests.ts";
export type * from "./runtime.ts";
export { Supervisor } from "./supervisor.ts";
