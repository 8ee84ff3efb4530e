import { z } from "zod";
import { instanceSchema } from "./documents.ts";
import { defaultTenant, nameSchema } from "./name.ts";
import { changes, needs } from "./permissions.ts";
import { checkpointRoutes } from "./routes/checkpoint.ts";
import { instanceStates } from "./states.ts";

/** Requests and documents of `solo checkpoint`. */

/**
 * Why a checkpoint was made. `manual`: somebody asked; `interval`: time passed and the state had changed; `log_limit`: the
 * log behind the last one had grown long; `update`, `hot_reload`, `evolution`, `before_restore`: before something risky; `shutdown`: the
 * kernel stopped; `fork`, `import`: what a service began with, or was given; `renewal`: what took the place of damaged files.
 */
export const checkpointReasons = [
  "manual",
  "interval",
  "log_limit",
  "update",
  "hot_reload",
  "evolution",
  "before_restore",
  "shutdown",
  "fork",
  "import",
  "renewal",
] as const;
export type CheckpointReason = (typeof checkpointReasons)[number];

/** `YYYYMMDD-HHMMSS-RRRRRR`: when it was made (UTC), and six random letters or digits. */
export const checkpointIdPattern = /^\d{8}-\d{6}-[0-9a-z]{6}$/;

const count = z.int().nonnegative();
const time = z.iso.datetime();
const target = { tenant: nameSchema.default(defaultTenant), name: nameSchema };
const id = z.union([
  z.literal("latest"),
  z.string().regex(checkpointIdPattern, "expects a checkpoint's id, such as 20261121-130509-k3x9p2, or latest"),
]);
const timeout_ms = z.int().min(1).max(86_400_000).default(60_000);
/** On the kernel's machine. */
const file = z.string().regex(/^\//, "expects an absolute path");
/** A point of the past: a checkpoint, what was so behind a position, or at a time. Exactly one. */
const point = { id: id.optional(), position: count.optional(), time: z.iso.datetime({ offset: true }).optional() };

export const checkpointsRequestSchema = z.strictObject(target);
export const checkpointRequestSchema = z.strictObject({ ...target, id });
export const checkpointCreateRequestSchema = z.strictObject(target);
export const checkpointDeleteRequestSchema = z.strictObject({ ...target, id, dry_run: z.boolean().default(false) });
export const checkpointRestoreRequestSchema = z.strictObject({
  ...target,
  ...point,
  wait: z.boolean().default(true),
  timeout_ms,
  dry_run: z.boolean().default(false),
});
export const checkpointForkRequestSchema = checkpointRestoreRequestSchema.extend({ as: nameSchema });
export const checkpointPruneRequestSchema = z.strictObject({
  ...target,
  /** Instead of the service's own. */
  keep_ms: count.optional(),
  keep_count: count.optional(),
  keep_bytes: count.optional(),
  dry_run: z.boolean().default(false),
});
export const checkpointExportRequestSchema = z.strictObject({ ...target, id, file });
/** Whose capability is not `admin` on `*` names a file that `upload` brought. */
export const checkpointImportRequestSchema = z.strictObject({ ...target, file, dry_run: z.boolean().default(false) });

export const checkpointSchema = z.object({
  id: z.string(),
  service: z.string(),
  tenant: z.string(),
  created: time,
  /** Of the last log entry that it has. */
  position: count,
  /** When that entry was written. */
  time,
  /** Of keys and values, and of captured files. */
  bytes: count,
  stored_bytes: count,
  entries: count,
  files: count,
  /** Of the body, as it is stored. */
  sha256: z.string(),
  reason: z.enum(checkpointReasons),
  parent: z.string().nullable(),
  revision: z.string().nullable(),
  /** The service whose log its position counts in, when that is another one: `tenant/name`. */
  origin: z.string().nullable(),
});
export type CheckpointDocument = z.infer<typeof checkpointSchema>;

export const checkpointCopySchema = z.object({
  kind: z.enum(["first", "second"]),
  path: z.string(),
  /** What is wrong with it; null when nothing is known to be. */
  problem: z.string().nullable(),
});

export const checkpointListSchema = z.object({
  /** Oldest first. */
  checkpoints: z.array(checkpointSchema),
  damaged: z.array(checkpointCopySchema.extend({ id: z.string() })),
});
export type CheckpointList = z.infer<typeof checkpointListSchema>;

export const checkpointDetailSchema = checkpointSchema.extend({ copies: z.array(checkpointCopySchema) });
export type CheckpointDetail = z.infer<typeof checkpointDetailSchema>;

export const checkpointVerificationSchema = z.object({
  id: z.string(),
  service: z.string(),
  tenant: z.string(),
  /** `sound`: every copy is; `impaired`: some are; `damaged`: none is. */
  state: z.enum(["sound", "impaired", "damaged"]),
  copies: z.array(checkpointCopySchema),
});
export type CheckpointVerification = z.infer<typeof checkpointVerificationSchema>;

const started = {
  state: z.enum(instanceStates),
  instances: z.array(instanceSchema),
  /** What was damaged and gone round. */
  warnings: z.array(z.string()),
  took_ms: count,
};
const gone_back = {
  service: z.string(),
  tenant: z.string(),
  /** The checkpoint that it began from; null: from the log alone. */
  checkpoint: z.string().nullable(),
  /** Of the last entry of the past that is there again, and when it was written. */
  restored_position: count,
  restored_time: time,
  /** Log entries that were applied on top of the checkpoint. */
  replayed: count,
};

export const checkpointRestoreSchema = z.object({
  ...gone_back,
  /** Of the entry that the restore is in the log; null for a dry run. */
  position: count.nullable(),
  /** The checkpoint of the state before; null for a dry run, and when that could not be read. */
  before: z.string().nullable(),
  /** The folder of the files that could not be read, on the kernel's machine: nothing of them was deleted. Else null. */
  set_aside: z.string().nullable(),
  ...started,
});
export type CheckpointRestore = z.infer<typeof checkpointRestoreSchema>;

export const checkpointForkSchema = z.object({
  ...gone_back,
  /** The service that it was forked from. */
  origin: z.string(),
  revision: z.string(),
  position: count.nullable(),
  url: z.string().nullable(),
  ...started,
});
export type CheckpointFork = z.infer<typeof checkpointForkSchema>;

export const checkpointDeletionSchema = z.object({
  service: z.string(),
  tenant: z.string(),
  deleted: z.array(z.string()),
  kept: count,
  freed_bytes: count,
});
export type CheckpointDeletion = z.infer<typeof checkpointDeletionSchema>;

/** A piece of a checkpoint's file, in the order of the file. */
export const checkpointPartSchema = z.object({
  id: z.string(),
  /** Of the whole file. */
  total_bytes: count,
  offset: count,
  /** Its bytes, as base64. */
  content: z.string(),
});
export type CheckpointPart = z.infer<typeof checkpointPartSchema>;

export const checkpointExportSchema = checkpointSchema.extend({ file: z.string() });
export type CheckpointExport = z.infer<typeof checkpointExportSchema>;

export const checkpointOperations = {
  checkpoints: { ...checkpointRoutes.checkpoints, input: checkpointsRequestSchema, ...needs("read") },
  checkpointShow: { ...checkpointRoutes.checkpointShow, input: checkpointRequestSchema, ...needs("read") },
  checkpointVerify: { ...checkpointRoutes.checkpointVerify, input: checkpointRequestSchema, ...needs("read") },
  checkpointCreate: {
    ...checkpointRoutes.checkpointCreate,
    input: checkpointCreateRequestSchema,
    ...changes("checkpoint"),
  },
  checkpointRestore: {
    ...checkpointRoutes.checkpointRestore,
    input: checkpointRestoreRequestSchema,
    ...changes("checkpoint"),
  },
  checkpointFork: { ...checkpointRoutes.checkpointFork, input: checkpointForkRequestSchema, ...changes("deploy") },
  checkpointDelete: {
    ...checkpointRoutes.checkpointDelete,
    input: checkpointDeleteRequestSchema,
    ...changes("checkpoint"),
  },
  checkpointPrune: {
    ...checkpointRoutes.checkpointPrune,
    input: checkpointPruneRequestSchema,
    ...changes("checkpoint"),
  },
  checkpointExport: {
    ...checkpointRoutes.checkpointExport,
    input: checkpointExportRequestSchema,
    ...changes("admin", "kernel"),
  },
  checkpointDownload: {
    ...checkpointRoutes.checkpointDownload,
    input: checkpointRequestSchema,
    ...needs("checkpoint"),
  },
  checkpointImport: {
    ...checkpointRoutes.checkpointImport,
    input: checkpointImportRequestSchema,
    ...changes("checkpoint"),
  },
} as const;

export interface CheckpointOutput {
  checkpoints: CheckpointList;
  checkpointShow: CheckpointDetail;
  checkpointVerify: CheckpointVerification;
  checkpointCreate: CheckpointDocument;
  checkpointRestore: CheckpointRestore;
  checkpointFork: CheckpointFork;
  checkpointDelete: CheckpointDeletion;
  checkpointPrune: CheckpointDeletion;
  checkpointExport: CheckpointExport;
  checkpointDownload: CheckpointPart;
  checkpointImport: CheckpointDocument;
}

export const checkpointAnswers: { readonly [Name in keyof CheckpointOutput]: z.ZodType<CheckpointOutput[Name]> } = {
  checkpoints: checkpointListSchema,
  checkpointShow: checkpointDetailSchema,
  checkpointVerify: checkpointVerificationSchema,
  checkpointCreate: checkpointSchema,
  checkpointRestore: checkpointRestoreSchema,
  checkpointFork: checkpointForkSchema,
  checkpointDelete: checkpointDeletionSchema,
  checkpointPrune: checkpointDeletionSchema,
  checkpointExport: checkpointExportSchema,
  checkpointDownload: checkpointPartSchema,
  checkpointImport: checkpointSchema,
};
