import {
  type SoloApi,
  type TenantDocument,
  tenantListRequestSchema,
  tenantShowRequestSchema,
} from "../../api/index.ts";
import { diskUse } from "../../supervise/index.ts";
import type { Kernel } from "../kernel.ts";
import { accept } from "./accept.ts";

/** What tenants use, and what they may. */
export function tenantApi(kernel: Kernel): Pick<SoloApi, "tenantList" | "tenantShow"> {
  return {
    tenantList: async (input) => {
      accept(tenantListRequestSchema, input);
      const names = new Set([...kernel.parts.tenants.keys(), ...kernel.services().map(({ ref }) => ref.tenant)]);
      const tenants: TenantDocument[] = [];
      for (const name of [...names].sort()) tenants.push(await describe(kernel, name));
      return { tenants };
    },
    tenantShow: async (input) => describe(kernel, accept(tenantShowRequestSchema, input).tenant),
  };
}

async function describe(kernel: Kernel, tenant: string): Promise<TenantDocument> {
  const { limits, tenants, traffic } = kernel.parts;
  const settings = tenants.get(tenant);
  const services = kernel.services(tenant);
  const use = limits.usageOf(tenant);
  const inFlight = traffic.slots.stats;
  return {
    tenant,
    services: services.filter(({ desired }) => desired === "running").length,
    known_services: services.length,
    max_services: settings?.max_services ?? null,
    memory_bytes: use.memoryBytes,
    max_memory_bytes: settings?.max_memory ?? null,
    cpu_cores: use.cpuCores,
    max_cpu_cores: settings?.max_cpu ?? null,
    disk_bytes: await diskUse(traffic.pressure.foldersOfTenant(tenant)),
    max_disk_bytes: settings?.max_disk ?? null,
    calls: inFlight.tenants.get(tenant) ?? 0,
    max_calls: settings?.max_calls ?? inFlight.perTenant,
    rate: settings?.rate ?? null,
    paths: [...(settings?.paths ?? [])],
  };
}
