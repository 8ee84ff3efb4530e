export { auditAtRest, type TrailAtRest, verifyAuditExport } from "./at-rest.ts";
export { Deliveries, type DeliverySettings } from "./delivery/index.ts";
export type { AuditRequest } from "./read.ts";
export { type AuditEnd, type AuditLine, type AuditSubject, type ChainPoint, failureOf } from "./record.ts";
export { type AuditReceipt, AuditTrail, type TrailOptions } from "./trail.ts";
export type { AuditCheck } from "./verify.ts";
