export { Capabilities, type CapabilitiesOptions, type Issued, type Wanted } from "./capabilities.ts";
export type { LiveCapability } from "./live.ts";
export { allows, type Bounds, type Narrowing, reaches } from "./narrow.ts";
export type { CapabilityRecord, CapabilityTable } from "./record.ts";
export { capabilityTable } from "./table.ts";
