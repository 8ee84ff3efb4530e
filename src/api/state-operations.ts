import { z } from "zod";
import { defaultTenant, nameSchema } from "./name.ts";

/** The operations on a service's state, from outside. Values are JSON in the form of `state-json.ts`. */

const target = { tenant: nameSchema.default(defaultTenant), name: nameSchema };
const key = z.string().max(4_096);
const version = z.int().nonnegative();
/** Any JSON. */
const given = z.unknown().refine((value) => value !== undefined, "missing");
const durability = z.enum(["sync", "async", "checkpoint"]).optional();

/** Keys, and bytes of keys and values; less than nothing when something becomes smaller. */
const room = { keys: z.int(), bytes: z.int() };

export const stateGetRequestSchema = z.strictObject({ ...target, key });
export const stateSetRequestSchema = z.strictObject({
  ...target,
  key,
  value: given,
  /** Only if this is the key's version; 0: if there is no such key. */
  if_version: version.optional(),
  durability,
});
export const stateDeleteRequestSchema = z.strictObject({ ...target, key, if_version: version.optional(), durability });
export const stateScanRequestSchema = z.strictObject({
  ...target,
  prefix: z.string().default(""),
  /** Keys behind this one. */
  after: z.string().optional(),
  limit: z.int().min(1).optional(),
});
export const stateWatchRequestSchema = z.strictObject({
  ...target,
  prefix: z.string().default(""),
  follow: z.boolean().default(true),
  /** Changes behind this position, as found in a change's `cursor`; absent: from now on. */
  since_cursor: z.string().regex(/^\d+$/).optional(),
});
export const stateImportRequestSchema = z.strictObject({
  ...target,
  /** Written as one: all of them or none. */
  entries: z
    .array(z.strictObject({ key, value: given }))
    .min(1)
    .max(10_000),
  /** Only check that they could be written. */
  dry_run: z.boolean().default(false),
  /** What earlier requests of one import would add: counted against the quota as well when nothing is written yet. */
  beside: z.strictObject(room).default({ keys: 0, bytes: 0 }),
});

const place = { service: z.string(), tenant: z.string() };
const entry = { key: z.string(), value: z.unknown(), version };

export const stateValueSchema = z.object({ ...place, ...entry, bytes: z.int() });
export type StateValue = z.infer<typeof stateValueSchema>;
export const stateWrittenSchema = z.object({ ...place, key: z.string(), version });
export type StateWritten = z.infer<typeof stateWrittenSchema>;
export const stateDeletedSchema = z.object({ ...place, key: z.string(), deleted: z.boolean() });
export type StateDeleted = z.infer<typeof stateDeletedSchema>;
export const stateEntrySchema = z.object({ type: z.literal("entry"), ...entry });
export type StateEntryLine = z.infer<typeof stateEntrySchema>;
export const stateChangeSchema = z.object({
  type: z.literal("change"),
  time: z.iso.datetime(),
  op: z.enum(["put", "delete"]),
  key: z.string(),
  /** Null for a delete. */
  value: z.unknown(),
  position: version,
  /** For `since_cursor`: the next change is the one behind this. */
  cursor: z.string(),
});
export type StateChangeLine = z.infer<typeof stateChangeSchema>;
export const stateImportedSchema = z.object({
  ...place,
  entries: z.int(),
  position: version,
  /** What they add to what the quota counts. */
  added: z.object(room),
});
export type StateImported = z.infer<typeof stateImportedSchema>;
