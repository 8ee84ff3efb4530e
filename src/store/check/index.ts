export type { Damage } from "./damage.ts";
export { type CheckpointState, type InspectStoreOptions, inspectStore, type StoreInspection } from "./inspect-store.ts";
