export { Access, type AccessParts } from "./access.ts";
export { coversService, coversTenant, hasPermission } from "./authorize.ts";
export { Idempotency } from "./idempotency.ts";
export type {
  AccessRequest,
  Admission,
  AdmissionSlot,
  AuditedOperation,
  AuditTrail,
  CapabilityAuthority,
  IdempotencyPlace,
  IdempotencyRecord,
  IdempotencyRecords,
  RefusedRequest,
} from "./ports.ts";
