export { compactStore, type StoreCompaction } from "./compact-store.ts";
export type { Damage } from "./damage.ts";
export { type CheckpointState, type InspectStoreOptions, inspectStore, type StoreInspection } from "./inspect-store.ts";
export { type RepairStoreOptions, repairStore, type StoreRepair } from "./repair-store.ts";
export { type StoreStatistics, storeStatistics } from "./statistics.ts";
