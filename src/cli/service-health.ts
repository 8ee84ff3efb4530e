import type { ServiceState, ServiceStatus } from "../api/index.ts";

/** What `solo health NAME` tells: the part of a service's status that says whether it is well. */
export interface ServiceHealth {
  readonly service: string;
  readonly tenant: string;
  readonly status: ServiceStatus["health"]["status"];
  readonly state: ServiceState;
  readonly replicas: number;
  readonly ready: number;
  readonly probes: ServiceStatus["health"]["probes"];
  readonly last_exit: ServiceStatus["last_exit"];
}

export function serviceHealthOf({
  service,
  tenant,
  health,
  state,
  replicas,
  ready,
  last_exit,
}: ServiceStatus): ServiceHealth {
  return { service, tenant, status: health.status, state, replicas, ready, probes: health.probes, last_exit };
}
