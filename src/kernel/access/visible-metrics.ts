import type { Caller, MetricSample, MetricsDocument } from "../../api/index.ts";
import { coversService, coversTenant } from "./authorize.ts";

/** What a caller who has not all tenants may see of metrics: series of services that it may ask for, or of its own tenant. */
export function visibleMetrics(document: MetricsDocument, caller: Caller): MetricsDocument {
  const families = document.families
    .map((family) => ({ ...family, samples: family.samples.filter((sample) => isVisible(sample, caller)) }))
    .filter(({ samples }) => samples.length > 0);
  return { ...document, families, series: families.reduce((sum, { samples }) => sum + samples.length, 0) };
}

function isVisible({ labels: { tenant, service } }: MetricSample, caller: Caller): boolean {
  if (tenant === undefined || caller.kind === "anonymous") return false;
  if (caller.kind === "owner") return true;
  const { capability } = caller;
  return service === undefined ? coversTenant(capability, tenant) : coversService(capability, tenant, service);
}
