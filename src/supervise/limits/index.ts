export type { Usage } from "./consumption.ts";
export { diskUse } from "./disk-use.ts";
export type { UsageSample } from "./history.ts";
export { LimitMonitor, type ServicePressure } from "./monitor.ts";
export type { TenantQuota, TenantUse } from "./tenant-limits.ts";
