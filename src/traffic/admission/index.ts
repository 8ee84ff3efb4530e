export { limited, type Pressure } from "./limited.ts";
export { type Rate, RateLimit } from "./rate-limit.ts";
export { type Lease, type SlotLimits, type SlotStats, Slots } from "./slots.ts";
export { TenantRates } from "./tenant-rates.ts";
