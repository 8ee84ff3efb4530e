export type { UsageSample } from "./history.ts";
export { LimitMonitor, type ServicePressure } from "./monitor.ts";
