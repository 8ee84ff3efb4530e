import { z } from "zod";
import { defaultTenant, nameSchema } from "./name.ts";
import { changes, type OperationDeclaration } from "./permissions.ts";
import { uploadRoutes } from "./routes/upload.ts";
import { maxUploadBytes } from "./upload-limit.ts";

/** Brings a program to the kernel's machine, for a `deploy` that names it by the path in the answer. */

export const uploadRequestSchema = z.strictObject({
  tenant: nameSchema.default(defaultTenant),
  /** Its name, without folders; the kind of what is deployed follows from its ending. */
  file: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, "expects a file's name, without folders"),
  /** Its bytes, as base64. */
  content: z.base64().max(Math.ceil((maxUploadBytes * 4) / 3) + 4),
  /** Whether it is a program that the system executes itself. */
  executable: z.boolean().default(false),
});

export const uploadedSchema = z.object({
  /** Where it is on the kernel's machine. It is kept for an hour, and as long as a revision of a service needs it. */
  path: z.string(),
  sha256: z.string(),
  bytes: z.int().nonnegative(),
  /** False when the kernel had it already. */
  changed: z.boolean(),
});
export type Uploaded = z.infer<typeof uploadedSchema>;

export const uploadOperations = {
  upload: { ...uploadRoutes.upload, input: uploadRequestSchema, ...changes("deploy", "visible") },
} as const satisfies Record<string, OperationDeclaration>;

export interface UploadOutput {
  upload: Uploaded;
}

export const uploadAnswers = { upload: uploadedSchema } as const;
