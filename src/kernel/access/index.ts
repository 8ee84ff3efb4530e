export { Access, type AccessParts } from "./access.ts";
export { coversService, hasPermission } from "./authorize.ts";
export type {
  AccessRequest,
  Admission,
  AdmissionSlot,
  AuditedOperation,
  AuditTrail,
  CapabilityAuthority,
  RefusedRequest,
} from "./ports.ts";
