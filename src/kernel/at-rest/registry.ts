import type { DiscoveredList, DiscoveredService } from "../../api/index.ts";
import { matches, registrationTable } from "../../discover/index.ts";
import type { KernelDatabase } from "../database/index.ts";

/** What a tenant's services declare and what is registered, while no kernel runs: none of them is known to be alive. */
export function registryAtRest(
  database: KernelDatabase,
  { tenant, now, serviceName, filters = {} }: RestingQuery,
): DiscoveredList {
  const unknown = { tenant, alive: false, instances: [] };
  const declared = database.services.list(tenant).flatMap(({ ref, revision, desired, replicas, updated }) => {
    const provides = database.revisions.get(ref, revision)?.spec.provides ?? [];
    const isWanted = desired === "running" && replicas > 0;
    return (isWanted ? provides : []).map(
      ({ name, version, metadata }): DiscoveredService => ({
        ...{ ...unknown, service_id: ref.name, service_name: name, version, handle: null, metadata },
        ...{ source: "declared", instance: null, url: null, registered: moment(updated), expires: null },
      }),
    );
  });
  const kept = registrationTable(database.handle)
    .all()
    .filter((one) => one.tenant === tenant && (one.expires === null || now < one.expires));
  const registered = kept.map(
    ({ serviceId, serviceName: name, version, handle, instance, url, metadata, registered: since, expires }) =>
      ({
        ...{ ...unknown, service_id: serviceId, service_name: name, version, handle, metadata: { ...metadata } },
        ...{ source: "registered", instance, url, registered: moment(since) },
        expires: expires === null ? null : moment(expires),
      }) satisfies DiscoveredService,
  );
  const services = [...declared, ...registered]
    .filter(({ service_name }) => serviceName === undefined || service_name === serviceName)
    .filter(({ metadata }) => matches(metadata, filters))
    .sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  return { services, total: services.length };
}

export interface RestingQuery {
  readonly tenant: string;
  /** Wall milliseconds. */
  readonly now: number;
  readonly serviceName?: string | undefined;
  readonly filters?: Readonly<Record<string, string>>;
}

function nameOf({ service_name, service_id, instance }: DiscoveredService): string {
  return `${service_name}/${service_id}/${instance ?? ""}`;
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}
