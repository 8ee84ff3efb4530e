import { z } from "zod";
import { defaultTenant, nameSchema } from "./name.ts";
import { changes, needs, type OperationDeclaration } from "./permissions.ts";
import { secretRoutes } from "./routes/secret.ts";
import { secretNameSchema } from "./secret-ref.ts";

/** Requests and documents of `solo secrets`. */

/** Longest value, in bytes: a key or a certificate chain, not a data file. */
export const maxSecretBytes = 65_536;

const tenant = nameSchema.default(defaultTenant);
const target = { tenant, secret: secretNameSchema };
const encoding = z.enum(["utf8", "base64"]);
const count = z.int().nonnegative();
const time = z.iso.datetime();
const timeout_ms = z.int().min(1).max(86_400_000).default(60_000);
/** Text, or bytes as base64. */
const value = {
  value: z
    .string()
    .min(1)
    .max(2 * maxSecretBytes),
  encoding: encoding.default("utf8"),
};
const passphrase = z.string().max(1_024);

export const secretListRequestSchema = z.strictObject({ tenant });
export const secretSetRequestSchema = z.strictObject({ ...target, ...value });
export const secretGetRequestSchema = z.strictObject(target);
export const secretRotateRequestSchema = z.strictObject({
  ...target,
  /** Absent: random bytes, as text in base64url. */
  value: value.value.optional(),
  encoding: value.encoding,
  /** Of random bytes. */
  generate_bytes: z.int().min(8).max(1_024).default(32),
  /** Replaces the instances of services that have it in their environment, one by one. */
  restart: z.boolean().default(false),
  timeout_ms,
});
export const secretDeleteRequestSchema = z.strictObject({
  ...target,
  /** Also when services need it, which then can't be started any more. */
  force: z.boolean().default(false),
  dry_run: z.boolean().default(false),
});
export const secretRekeyRequestSchema = z.strictObject({
  /** Absent: as now. */
  to: z.enum(["file", "credential", "passphrase"]).optional(),
  /** `passphrase` only. */
  passphrase: passphrase.optional(),
});
export const secretUnlockRequestSchema = z.strictObject({ passphrase });

export const secretSchema = z.object({
  secret: z.string(),
  tenant: z.string(),
  /** 1 for the first value. */
  version: count,
  bytes: count,
  created: time,
  updated: time,
});
export type SecretDocument = z.infer<typeof secretSchema>;

export const secretListSchema = z.object({
  secrets: z.array(
    secretSchema.extend({
      /** Services that ask for it. */
      services: z.array(z.string()),
    }),
  ),
});
export type SecretList = z.infer<typeof secretListSchema>;

export const secretValueSchema = secretSchema.extend({ value: z.string(), encoding });
export type SecretValueDocument = z.infer<typeof secretValueSchema>;

export const secretWrittenSchema = secretSchema.extend({
  /** Instances whose file was replaced. */
  delivered: z.array(z.string()),
  /** Services that still have the former value in their environment. */
  restart_needed: z.array(z.string()),
  restarted: z.array(z.string()),
});
export type SecretWritten = z.infer<typeof secretWrittenSchema>;

export const secretDeletedSchema = z.object({
  secret: z.string(),
  tenant: z.string(),
  deleted: z.boolean(),
  services: z.array(z.string()),
});
export type SecretDeleted = z.infer<typeof secretDeletedSchema>;

export const secretRekeyedSchema = z.object({
  tenants: count,
  secrets: count,
  sealed_by: z.enum(["file", "passphrase", "credential"]),
});
export type SecretRekeyed = z.infer<typeof secretRekeyedSchema>;

export const secretUnlockedSchema = z.object({ unlocked: z.literal(true) });
export type SecretUnlocked = z.infer<typeof secretUnlockedSchema>;

export const secretOperations = {
  secretList: { ...secretRoutes.secretList, ...needs("read", "tenant"), input: secretListRequestSchema },
  secretSet: { ...secretRoutes.secretSet, ...changes("secrets:write", "tenant"), input: secretSetRequestSchema },
  // Nothing changes, but who saw a secret is for the audit trail.
  secretGet: { ...secretRoutes.secretGet, ...changes("secrets:read", "tenant"), input: secretGetRequestSchema },
  secretRotate: {
    ...secretRoutes.secretRotate,
    ...changes("secrets:write", "tenant"),
    input: secretRotateRequestSchema,
  },
  secretDelete: {
    ...secretRoutes.secretDelete,
    ...changes("secrets:write", "tenant"),
    input: secretDeleteRequestSchema,
  },
  secretRekey: { ...secretRoutes.secretRekey, ...changes("admin", "kernel"), input: secretRekeyRequestSchema },
  secretUnlock: { ...secretRoutes.secretUnlock, ...changes("admin", "kernel"), input: secretUnlockRequestSchema },
} as const satisfies Record<string, OperationDeclaration>;

export interface SecretOutput {
  secretList: SecretList;
  secretSet: SecretWritten;
  secretGet: SecretValueDocument;
  secretRotate: SecretWritten;
  secretDelete: SecretDeleted;
  secretRekey: SecretRekeyed;
  secretUnlock: SecretUnlocked;
}

export const secretAnswers: { readonly [Name in keyof SecretOutput]: z.ZodType<SecretOutput[Name]> } = {
  secretList: secretListSchema,
  secretSet: secretWrittenSchema,
  secretGet: secretValueSchema,
  secretRotate: secretWrittenSchema,
  secretDelete: secretDeletedSchema,
  secretRekey: secretRekeyedSchema,
  secretUnlock: secretUnlockedSchema,
};
