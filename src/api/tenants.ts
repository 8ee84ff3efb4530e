import { z } from "zod";
import { defaultTenant, nameSchema } from "./name.ts";
import { needs, type OperationDeclaration } from "./permissions.ts";
import { tenantRoutes } from "./routes/tenant.ts";

/** Requests and documents of `solo tenant`. */

const count = z.int().nonnegative();

export const tenantListRequestSchema = z.strictObject({});
export const tenantShowRequestSchema = z.strictObject({ tenant: nameSchema.default(defaultTenant) });

/** What a tenant uses beside what it may; a quota that is null does not bound it. */
export const tenantSchema = z.object({
  tenant: z.string(),
  /** Services that are wanted now, and all that were ever deployed. */
  services: count,
  known_services: count,
  max_services: count.nullable(),
  /** Resident, of all its services' processes together. */
  memory_bytes: count,
  max_memory_bytes: count.nullable(),
  /** As an average over 10 s. */
  cpu_cores: z.number().nonnegative(),
  max_cpu_cores: z.number().nullable(),
  /** State, logs, files of its services, and programs that were brought. */
  disk_bytes: count,
  max_disk_bytes: count.nullable(),
  /** Operations and calls in flight. */
  calls: count,
  max_calls: count,
  /** Operations a second of all its capabilities together. */
  rate: count.nullable(),
  /** What its deploys may name beside its own. */
  paths: z.array(z.string()),
});
export type TenantDocument = z.infer<typeof tenantSchema>;

/** By name: those that are configured, and those that have services. */
export const tenantListSchema = z.object({ tenants: z.array(tenantSchema) });
export type TenantList = z.infer<typeof tenantListSchema>;

export const tenantOperations = {
  tenantList: { ...tenantRoutes.tenantList, input: tenantListRequestSchema, ...needs("read", "kernel") },
  tenantShow: { ...tenantRoutes.tenantShow, input: tenantShowRequestSchema, ...needs("read", "tenant") },
} as const satisfies Record<string, OperationDeclaration>;

export interface TenantOutput {
  tenantList: TenantList;
  tenantShow: TenantDocument;
}

export const tenantAnswers: { readonly [Name in keyof TenantOutput]: z.ZodType<TenantOutput[Name]> } = {
  tenantList: tenantListSchema,
  tenantShow: tenantSchema,
};
