import { join } from "node:path";
import { serviceKey } from "../../api/index.ts";
import type { ServicePressure } from "../../supervise/index.ts";
import type { Kernel } from "../kernel.ts";

/** What the limits of services ask of the rest of the kernel. */
export function servicePressure(kernel: () => Kernel): ServicePressure {
  return {
    callsOf: (ref, instance) =>
      (kernel().parts.traffic.mailboxes.peek(ref)?.inFlightOf(instance) ?? 0) + kernel().routes.inFlight(ref, instance),
    queueOf: (ref) => kernel().parts.traffic.mailboxes.peek(ref)?.stats,
    foldersOf: ({ tenant, name }, instances) => {
      const { state, logs, files, run } = kernel().paths;
      const temporary = instances.map((id) => join(run, "tmp", id));
      return [...[state, logs, files].map((folder) => join(folder, tenant, name)), ...temporary];
    },
    quotaOf: (tenant) => {
      const settings = kernel().parts.tenants.get(tenant);
      if (settings === undefined) return undefined;
      const { max_memory: memoryBytes, max_cpu: cpuCores, max_disk: diskBytes } = settings;
      return { memoryBytes, cpuCores, diskBytes };
    },
    foldersOfTenant: (tenant) => {
      const { state, logs, files, uploads } = kernel().paths;
      return [state, logs, files, uploads].map((folder) => join(folder, tenant));
    },
    emitOfTenant: (tenant, event, data) => void kernel().emit({ tenant, event, subject: "tenant", data }),
    emit: (ref, event, data) => void kernel().emit({ tenant: ref.tenant, event, subject: serviceKey(ref), data }),
  };
}
