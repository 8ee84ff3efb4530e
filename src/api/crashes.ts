import { z } from "zod";
import { defaultTenant, nameSchema } from "./name.ts";
import { needs, type OperationDeclaration } from "./permissions.ts";
import { crashRoutes } from "./routes/crash.ts";

/** Requests and documents of `solo crashes`. */

const count = z.int().nonnegative();

export const crashesRequestSchema = z.strictObject({ tenant: nameSchema.default(defaultTenant), name: nameSchema });

/** How one process of a service died that nobody had asked to stop. */
export const crashSchema = z.object({
  time: z.iso.datetime(),
  service: z.string(),
  tenant: z.string(),
  instance: z.string(),
  revision: z.string(),
  pid: z.int().nullable(),
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  /** False when nobody saw how it ended. */
  known: z.boolean(),
  /** In a sentence; what the kernel ended it for, if it did. */
  reason: z.string(),
  uptime_ms: count.nullable(),
  /** Restarts of the instance, the one that follows included. */
  restarts: count,
  /** What the instance became then. */
  state: z.string(),
  /** Of its process and children, at the last look before the end; null when there was none. */
  usage: z.object({ rss_bytes: count, cpu_percent: z.number().nonnegative() }).nullable(),
  limits: z
    .object({
      memory_bytes: count.optional(),
      cpu_cores: z.number().optional(),
      processes: count.optional(),
      files: count.optional(),
    })
    .nullable(),
  /** Where to look for a core dump, or why there is none; null when this end makes none. */
  core: z.string().nullable(),
  /** Its last lines, oldest first. */
  log: z.array(z.string()),
});
export type CrashDocument = z.infer<typeof crashSchema>;

/** The latest first. */
export const crashListSchema = z.object({ crashes: z.array(crashSchema) });
export type CrashList = z.infer<typeof crashListSchema>;

export const crashOperations = {
  crashes: { ...crashRoutes.crashes, input: crashesRequestSchema, ...needs("logs") },
} as const satisfies Record<string, OperationDeclaration>;

export interface CrashOutput {
  crashes: CrashList;
}

export const crashAnswers: { readonly [Name in keyof CrashOutput]: z.ZodType<CrashOutput[Name]> } = {
  crashes: crashListSchema,
};
