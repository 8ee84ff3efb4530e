import { z } from "zod";
import { defaultTenant, nameSchema } from "./name.ts";
import { changes, needs, type OperationDeclaration } from "./permissions.ts";
import { defaultVersion, metadataSchema, providedVersionSchema } from "./provides.ts";
import { discoveryRoutes } from "./routes/discovery.ts";

/** Requests and documents of `solo registry`. */

const tenant = nameSchema.default(defaultTenant);
const count = z.int().nonnegative();
const time = z.iso.datetime();
/** 16 random bytes. */
const handle = z.string().regex(/^[0-9a-f]{32}$/, "expects a handle: 32 hexadecimal digits");
const url = z
  .string()
  .max(2_048)
  .regex(/^[a-z][a-z0-9+.-]*:\/\/[^\s/]+/i, "expects a URL, such as http://10.0.0.7:9000/");

export const registerRequestSchema = z.strictObject({
  tenant,
  /** Who provides it: a service of this kernel, or anything else. */
  service_id: nameSchema,
  /** What it is found by. */
  service_name: nameSchema,
  version: providedVersionSchema.default(defaultVersion),
  metadata: metadataSchema.default({}),
  /** How long it stays without being renewed; 0: until it is unregistered. */
  ttl_ms: z.int().min(0).max(31_536_000_000).default(0),
  /** Where it answers. Absent: for a service of this kernel, where the ingress has it. */
  url: url.optional(),
});
export const renewRequestSchema = z.strictObject({ tenant, handle });
export const unregisterRequestSchema = z.strictObject({ tenant, handle });
export const discoverRequestSchema = z.strictObject({
  tenant,
  service_name: nameSchema,
  /** All of these, exactly so, are in its metadata. */
  filters: metadataSchema.default({}),
});
export const registryListRequestSchema = z.strictObject({
  tenant,
  /** Absent: every name. */
  service_name: nameSchema.optional(),
});

export const discoveredSchema = z.object({
  service_id: z.string(),
  service_name: z.string(),
  tenant: z.string(),
  version: z.string(),
  /** Names the registration. A declared one has another after each start of the kernel, and none while that does not run. */
  handle: z.string().nullable(),
  /** A service of this kernel: whether an instance is ready. Anything else: its time is not up. */
  alive: z.boolean(),
  /** `declared`: by `provides` in solo.toml; `registered`: by an operation, or by `ctx.register`. */
  source: z.enum(["declared", "registered"]),
  /** The instance that registered it, and with which it ends; null for all others. */
  instance: z.string().nullable(),
  url: z.string().nullable(),
  /** Of a service of this kernel: its ready instances that listen, on 127.0.0.1. */
  instances: z.array(z.object({ id: z.string(), port: z.int() })),
  metadata: z.record(z.string(), z.string()),
  registered: time,
  /** Null: it does not expire. */
  expires: time.nullable(),
});
export type DiscoveredService = z.infer<typeof discoveredSchema>;

/** Those that are alive first; then by name, service and instance. */
export const discoveredListSchema = z.object({ services: z.array(discoveredSchema), total: count });
export type DiscoveredList = z.infer<typeof discoveredListSchema>;

export const unregisteredSchema = z.object({
  service_id: z.string(),
  service_name: z.string(),
  tenant: z.string(),
  handle: z.string(),
});
export type Unregistered = z.infer<typeof unregisteredSchema>;

export const discoveryOperations = {
  registryRegister: { ...discoveryRoutes.registryRegister, ...changes("register"), input: registerRequestSchema },
  // Whose registration it is says the handle: the operation itself looks whether the caller may. It is done every few seconds.
  registryRenew: { ...discoveryRoutes.registryRenew, ...needs("register", "visible"), input: renewRequestSchema },
  registryUnregister: {
    ...discoveryRoutes.registryUnregister,
    ...changes("register", "visible"),
    input: unregisterRequestSchema,
  },
  registryDiscover: { ...discoveryRoutes.registryDiscover, ...needs("read", "visible"), input: discoverRequestSchema },
  registryList: { ...discoveryRoutes.registryList, ...needs("read", "visible"), input: registryListRequestSchema },
} as const satisfies Record<string, OperationDeclaration>;

export interface DiscoveryOutput {
  registryRegister: DiscoveredService;
  registryRenew: DiscoveredService;
  registryUnregister: Unregistered;
  registryDiscover: DiscoveredList;
  registryList: DiscoveredList;
}

export const discoveryAnswers: { readonly [Name in keyof DiscoveryOutput]: z.ZodType<DiscoveryOutput[Name]> } = {
  registryRegister: discoveredSchema,
  registryRenew: discoveredSchema,
  registryUnregister: unregisteredSchema,
  registryDiscover: discoveredListSchema,
  registryList: discoveredListSchema,
};
