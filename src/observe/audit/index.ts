export { type AuditEnd, type AuditSubject, type ChainPoint, failureOf } from "./record.ts";
export { type AuditReceipt, AuditTrail, type TrailOptions } from "./trail.ts";
