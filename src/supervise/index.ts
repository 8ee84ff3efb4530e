export type { ConfinedInstance, Confinement, SandboxPort } from "./confined.ts";
export { ControlServer } from "./control.ts";
export { Instance } from "./instance.ts";
export { workingFolder } from "./launch.ts";
export { LimitMonitor } from "./limit-monitor.ts";
export { isPortFree } from "./ports.ts";
export type * from "./runtime.ts";
export { Supervisor } from "./supervisor.ts";
export { type Usage, UsageSampler } from "./usage.ts";
