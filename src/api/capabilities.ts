import { z } from "zod";
import { defaultTenant, nameSchema } from "./name.ts";
import { changes, needs, permissions } from "./permissions.ts";
import { roleNames } from "./role-names.ts";
import { capabilityRoutes } from "./routes/capability.ts";
import { tokenPattern } from "./token-form.ts";

/** Requests and documents of `solo capability`. */

export const capabilityIdPattern = /^cap-[0-9a-f]{16}$/;
const tokenForm = "a token begins with solo_cap_ and has 52 characters";

/** The longest method name that a call may have, and so a permission on one. */
export const maxMethodLength = 200;

const tenant = nameSchema.default(defaultTenant);
const id = z.string().regex(capabilityIdPattern, "expects a capability's id, such as cap-4f1d0c9a7b3e2d68");
const token = z.string().regex(tokenPattern, tokenForm);
const resource = z
  .string()
  .regex(/^(?:service:[A-Za-z0-9_-]{1,64}|tenant|\*)$/, "expects service:NAME, tenant (all of one) or * (all of all)");
const permission = z
  .string()
  .max("call:".length + maxMethodLength)
  .regex(
    new RegExp(`^(?:${permissions.join("|")}|call:[^\\s,]+)$`),
    `expects one of ${permissions.join(", ")} and call:METHOD`,
  );
/** `service:NAME` has a meaning: that service of the same tenant may do so by itself. Anything else is a name for people. */
const holder = z.string().regex(/^[\x21-\x7e]{1,128}$/, "expects 1 to 128 printable characters without spaces");

/** Ten years. */
const longestMs = 315_360_000_000;
const bounds = {
  /** Until it expires, in milliseconds; absent: never, or when the one that it comes from does. */
  ttl_ms: z.int().min(1).max(longestMs).optional(),
  /** Operations per second. */
  rate: z.int().min(1).max(1_000_000).optional(),
  /** Operations in all. */
  calls: z.int().min(1).max(1_000_000_000).optional(),
};

export const capabilityGrantRequestSchema = z
  .strictObject({
    tenant,
    resource,
    permissions: z.array(permission).max(1_000).default([]),
    /** Its permissions, beside those that are listed. */
    role: z.enum(roleNames).optional(),
    holder: holder.optional(),
    ...bounds,
  })
  .refine(({ permissions, role }) => permissions.length > 0 || role !== undefined, {
    message: "expects permissions or a role",
    path: ["permissions"],
  });

const narrowing = {
  tenant,
  /** The capability that is narrowed; absent: the one whose token the request carries. */
  parent: id.optional(),
  /** Absent: as far as the parent reaches. */
  resource: resource.optional(),
  /** Absent: all of the parent's. */
  permissions: z.array(permission).min(1).max(1_000).optional(),
  role: z.enum(roleNames).optional(),
  ...bounds,
};
export const capabilityAttenuateRequestSchema = z.strictObject(narrowing);
export const capabilityDelegateRequestSchema = z.strictObject({ ...narrowing, holder });
export const capabilitiesRequestSchema = z.strictObject({
  tenant,
  /** Revoked, expired and used up ones too, while they are remembered, and those of instances. */
  all: z.boolean().default(false),
});
export const capabilityRequestSchema = z.strictObject({ tenant, id });
export const capabilityVerifyRequestSchema = z.strictObject({
  tenant,
  token,
  /** What it is to be good for; absent: anything. */
  permission: permission.optional(),
  /** Absent: the whole of what the token is for. */
  resource: resource.optional(),
});

const time = z.iso.datetime();

export const capabilitySchema = z.object({
  id: z.string(),
  tenant: z.string(),
  resource: z.string(),
  permissions: z.array(z.string()),
  state: z.enum(["valid", "expired", "revoked", "used_up"]),
  /** Whom it was delegated to. */
  holder: z.string().nullable(),
  /** The capability that it was narrowed from. */
  parent: z.string().nullable(),
  created: time,
  /** Null: never. */
  expires: time.nullable(),
  revoked: time.nullable(),
  /** Operations per second; null: as many as its parent. */
  rate: z.int().nullable(),
  /** Operations in all; null: as many as its parent. */
  calls: z.int().nullable(),
  calls_used: z.int(),
  /** The instance that it was made for at its start. */
  instance: z.string().nullable(),
});
export type CapabilityDocument = z.infer<typeof capabilitySchema>;

export const grantedSchema = capabilitySchema.extend({
  /** It is shown this once, and not kept. */
  token: z.string(),
});
export type GrantedCapability = z.infer<typeof grantedSchema>;

export const capabilityListSchema = z.object({ capabilities: z.array(capabilitySchema) });
export type CapabilityList = z.infer<typeof capabilityListSchema>;

export const capabilityRevokedSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  /** Itself, and all that were valid and came from it. */
  revoked: z.array(z.string()),
});
export type CapabilityRevoked = z.infer<typeof capabilityRevokedSchema>;

/** Who may make, see and end a capability follows from the capability that asks: the operations look at that themselves. */
export const capabilityOperations = {
  capabilityGrant: {
    ...capabilityRoutes.capabilityGrant,
    input: capabilityGrantRequestSchema,
    ...changes("grant", "visible"),
  },
  capabilities: { ...capabilityRoutes.capabilities, input: capabilitiesRequestSchema, ...needs("any", "visible") },
  capabilityShow: { ...capabilityRoutes.capabilityShow, input: capabilityRequestSchema, ...needs("any", "visible") },
  capabilityAttenuate: {
    ...capabilityRoutes.capabilityAttenuate,
    input: capabilityAttenuateRequestSchema,
    ...changes("any", "visible"),
  },
  capabilityDelegate: {
    ...capabilityRoutes.capabilityDelegate,
    input: capabilityDelegateRequestSchema,
    ...changes("any", "visible"),
  },
  capabilityRevoke: {
    ...capabilityRoutes.capabilityRevoke,
    input: capabilityRequestSchema,
    ...changes("any", "visible"),
  },
  capabilityVerify: {
    ...capabilityRoutes.capabilityVerify,
    input: capabilityVerifyRequestSchema,
    ...needs("any", "visible"),
  },
} as const;

export interface CapabilityOutput {
  capabilityGrant: GrantedCapability;
  capabilities: CapabilityList;
  capabilityShow: CapabilityDocument;
  capabilityAttenuate: GrantedCapability;
  capabilityDelegate: GrantedCapability;
  capabilityRevoke: CapabilityRevoked;
  capabilityVerify: CapabilityDocument;
}

export const capabilityAnswers: { readonly [Name in keyof CapabilityOutput]: z.ZodType<CapabilityOutput[Name]> } = {
  capabilityGrant: grantedSchema,
  capabilities: capabilityListSchema,
  capabilityShow: capabilitySchema,
  capabilityAttenuate: grantedSchema,
  capabilityDelegate: grantedSchema,
  capabilityRevoke: capabilityRevokedSchema,
  capabilityVerify: capabilitySchema,
};
