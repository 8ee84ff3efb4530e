import { z } from "zod";
import { defaultTenant, nameSchema } from "./name.ts";
import { changes, type OperationDeclaration } from "./permissions.ts";
import { reloadRoutes } from "./routes/reload.ts";

/** New code for an agent that runs (`solo restart NAME --reload FILE`). */

/** Longest code, in bytes of UTF-8. */
export const maxReloadBytes = 1_048_576;

export const reloadRequestSchema = z.strictObject({
  tenant: nameSchema.default(defaultTenant),
  name: nameSchema,
  /** What of the agent it is: a name that means something to the agent. */
  module: z.string().min(1).max(200),
  code: z.string().refine((code) => Buffer.byteLength(code) <= maxReloadBytes, {
    error: `has at most ${maxReloadBytes} bytes`,
  }),
  timeout_ms: z.int().min(1).max(86_400_000).default(30_000),
});

export const reloadResultSchema = z.object({
  service: z.string(),
  tenant: z.string(),
  instance: z.string(),
  module: z.string(),
  /** Of the code. */
  bytes: z.int().nonnegative(),
  /** The checkpoint to go back to; null when there is none. */
  checkpoint: z.string().nullable(),
  took_ms: z.int().nonnegative(),
});
export type ReloadResult = z.infer<typeof reloadResultSchema>;

export const reloadOperations = {
  // Whoever may hand it code may have it do anything that it may.
  reload: { ...reloadRoutes.reload, input: reloadRequestSchema, ...changes("deploy") },
} as const satisfies Record<string, OperationDeclaration>;

export interface ReloadOutput {
  reload: ReloadResult;
}

export const reloadAnswers: { readonly [Name in keyof ReloadOutput]: z.ZodType<ReloadOutput[Name]> } = {
  reload: reloadResultSchema,
};
