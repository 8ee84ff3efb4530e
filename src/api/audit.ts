import { z } from "zod";
import { defaultTenant, nameSchema } from "./name.ts";
import { needs, type OperationDeclaration } from "./permissions.ts";
import { auditRoutes } from "./routes/audit.ts";

/** Requests and documents of `solo audit`. */

const count = z.int().nonnegative();
const text = z.string().min(1).max(300);
const tenant = nameSchema.default(defaultTenant);
const filters = {
  /** `owner`, `capability:ID`, `service:TENANT/NAME` or `anonymous`. */
  actor: text.optional(),
  /** An operation's name, such as `deploy`. */
  operation: text.optional(),
  /** What it was done to, such as `default/web`, or something within it. */
  subject: text.optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  since_cursor: z
    .string()
    .regex(/^\d{1,15}$/, "expects the `cursor` of a record")
    .optional(),
  tail: count.optional(),
  follow: z.boolean().default(false),
};

export const auditRequestSchema = z.strictObject({ tenant, ...filters });
export const auditAllRequestSchema = z.strictObject(filters);
export const auditExportRequestSchema = z.strictObject({});
export const auditVerifyRequestSchema = z.strictObject({
  /** A head that somebody kept, as `SEQUENCE:HASH`: it must still be in the chain. */
  head: z
    .string()
    .regex(/^\d{1,15}:[0-9a-f]{64}$/, "expects SEQUENCE:HASH, as `solo audit verify` prints it")
    .optional(),
});

export const auditKindSchema = z.enum(["begin", "end", "refusal", "dropped", "damage"]);
export const auditOutcomeSchema = z.enum(["done", "failed", "refused", "unknown"]);

export const auditRecordSchema = z.object({
  type: z.literal("audit"),
  time: z.iso.datetime(),
  /** From 1, without gaps over all tenants. */
  sequence: count,
  /**
   * `begin`: an operation was about to run; `end`: what came of it; `refusal`: it was not let in. The trail itself notes
   * `dropped`, when its byte budget took the oldest records, and `damage`, when acknowledged ones were missing at a start.
   */
  kind: auditKindSchema,
  actor: z.string().nullable(),
  /** Null for what concerns the kernel itself. */
  tenant: z.string().nullable(),
  /** Of the capability that was used; never its token. */
  capability: z.string().nullable(),
  request_id: z.string().nullable(),
  operation: z.string().nullable(),
  subject: z.string().nullable(),
  cause: z.string().nullable(),
  /** `unknown`: nobody can say whether it was done. */
  outcome: auditOutcomeSchema.nullable(),
  /** The error's code and message. */
  code: z.string().nullable(),
  reason: z.string().nullable(),
  /** The sequence of the begin that an end belongs to. */
  begin: count.nullable(),
  took_ms: count.nullable(),
  /** How many refusals of this kind a record stands for. */
  count: count.nullable(),
  hash: z.string(),
  cursor: z.string(),
});
export type AuditRecord = z.infer<typeof auditRecordSchema>;

/** A line of an export, as it is to be written: records, and the head of the chain as the last one. */
export const auditExportLineSchema = z.object({ line: z.string() });
export type AuditExportLine = z.infer<typeof auditExportLineSchema>;

const pointSchema = z.object({ sequence: count, hash: z.string() });

export const auditVerificationSchema = z.object({
  /**
   * `sound`: every record is as it was written. `torn`: so is every acknowledged one, and a crash left bytes behind them.
   * `damaged`: something was changed, removed, moved or cut off.
   */
  state: z.enum(["sound", "torn", "damaged"]),
  records: count,
  first_sequence: count.nullable(),
  last_sequence: count.nullable(),
  /** The last acknowledged record; kept elsewhere, it proves later that nothing up to it was changed. */
  head: pointSchema.nullable(),
  /** The same as one word, for `--head`. */
  mark: z.string().nullable(),
  problems: z.array(z.object({ sequence: count.nullable(), file: z.string().nullable(), problem: z.string() })),
});
export type AuditVerification = z.infer<typeof auditVerificationSchema>;

export const auditOperations = {
  audit: { ...auditRoutes.audit, input: auditRequestSchema, ...needs("audit", "tenant") },
  auditAll: { ...auditRoutes.auditAll, input: auditAllRequestSchema, ...needs("audit", "kernel") },
  auditExport: { ...auditRoutes.auditExport, input: auditExportRequestSchema, ...needs("audit", "kernel") },
  auditVerify: { ...auditRoutes.auditVerify, input: auditVerifyRequestSchema, ...needs("audit", "kernel") },
} as const satisfies Record<string, OperationDeclaration>;

export interface AuditOutput {
  audit: AuditRecord;
  auditAll: AuditRecord;
  auditExport: AuditExportLine;
  auditVerify: AuditVerification;
}

export const auditAnswers: { readonly [Name in keyof AuditOutput]: z.ZodType<AuditOutput[Name]> } = {
  audit: auditRecordSchema,
  auditAll: auditRecordSchema,
  auditExport: auditExportLineSchema,
  auditVerify: auditVerificationSchema,
};
