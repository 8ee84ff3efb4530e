import { formatSize, type TenantDocument, type TenantList } from "../../api/index.ts";
import type { View } from "../view.ts";
import { renderTable } from "./table.ts";

export function renderTenants({ tenants }: TenantList, view: View): string {
  if (tenants.length === 0) return "no tenants: nothing is deployed, and the configuration names none";
  return renderTable(
    tenants,
    [
      { title: "TENANT", value: ({ tenant }) => tenant },
      { title: "SERVICES", value: services },
      { title: "MEMORY", value: memory },
      { title: "CPU", value: cpu },
      { title: "DISK", value: disk },
      { title: "CALLS", value: calls, leaves: 2 },
      { title: "RATE", value: ({ rate }) => (rate === null ? "" : `${rate}/s`), optional: true, leaves: 1 },
    ],
    view,
  );
}

export function renderTenant(tenant: TenantDocument, { style }: View): string {
  const { rate, paths } = tenant;
  const facts = [
    ["services", services(tenant)],
    ["memory", memory(tenant)],
    ["cpu", cpu(tenant)],
    ["disk", disk(tenant)],
    ["calls", calls(tenant)],
    ["rate", rate === null ? "any" : `at most ${rate} operations a second`],
    ["paths", paths.length === 0 ? "only its own" : paths.join(", ")],
  ] as const;
  const lines = facts.map(([name, value]) => `  ${style.dim(name.padEnd(8))}  ${value}`);
  return [style.bold(tenant.tenant), ...lines].join("\n");
}

const services = ({ services: used, max_services: most }: TenantDocument) => beside(String(used), most);
const memory = ({ memory_bytes: used, max_memory_bytes: most }: TenantDocument) =>
  beside(formatSize(used), most === null ? null : formatSize(most));
const cpu = ({ cpu_cores: used, max_cpu_cores: most }: TenantDocument) => beside(String(used), most);
const disk = ({ disk_bytes: used, max_disk_bytes: most }: TenantDocument) =>
  beside(formatSize(used), most === null ? null : formatSize(most));
const calls = ({ calls: used, max_calls: most }: TenantDocument) => beside(String(used), most);

function beside(used: string, most: number | string | null): string {
  return most === null ? used : `${used} of ${most}`;
}
