import { z } from "zod";
import { stoppedInstanceSchema } from "./documents.ts";
import { defaultTenant, nameSchema } from "./name.ts";
import { changes, type OperationDeclaration } from "./permissions.ts";
import { removalRoutes } from "./routes/removal.ts";

/** A service with all that is kept of it goes for good (`solo remove`). */

export const removeRequestSchema = z.strictObject({
  tenant: nameSchema.default(defaultTenant),
  name: nameSchema,
  /** Stop it first; without it a service that runs is refused. */
  force: z.boolean().default(false),
  /** Tell what would be removed, and remove nothing. */
  dry_run: z.boolean().default(false),
  /** Refuse when the service is not as it was at this time (`status.updated`). */
  if_updated: z.iso.datetime().optional(),
});

const bytes = z.int().nonnegative();

export const removeResultSchema = z.object({
  service: z.string(),
  tenant: z.string(),
  /** What was stopped for it. */
  instances: z.array(stoppedInstanceSchema),
  /** Bytes on the disk, by what they were. */
  removed: z.object({
    state_bytes: bytes,
    /** Both copies of its checkpoints. */
    checkpoint_bytes: bytes,
    /** Its own files (`STATE_DIRECTORY`). */
    file_bytes: bytes,
    log_bytes: bytes,
    crash_bytes: bytes,
  }),
  bytes,
  revisions: z.int().nonnegative(),
  took_ms: z.int().nonnegative(),
});
export type RemoveResult = z.infer<typeof removeResultSchema>;

export const removalOperations = {
  remove: { ...removalRoutes.remove, input: removeRequestSchema, ...changes("deploy") },
} as const satisfies Record<string, OperationDeclaration>;

export interface RemovalOutput {
  remove: RemoveResult;
}

export const removalAnswers: { readonly [Name in keyof RemovalOutput]: z.ZodType<RemovalOutput[Name]> } = {
  remove: removeResultSchema,
};
