import type { Snapshot } from "../../observe/metrics/index.ts";
import { Distribution } from "../../observe/metrics/index.ts";
import type { RequestCounters } from "../../traffic/index.ts";
import type { Kernel } from "../kernel.ts";

/** What goes through the kernel: requests of the ingress, and what is in flight. */
export function collectTraffic(kernel: Kernel, into: Snapshot): void {
  const { traffic } = kernel.parts;
  for (const [kind, slots] of [["requests", traffic.slots] as const, ["streams", traffic.streams] as const]) {
    const { tenants, perTenant, total, refused } = slots.stats;
    for (const [tenant, count] of tenants) into.add("solo_in_flight", { tenant, kind }, count);
    into.add("solo_in_flight_limit", { kind, bound: "tenant" }, perTenant);
    into.add("solo_in_flight_limit", { kind, bound: "total" }, total);
    into.add("solo_shed_total", { kind }, refused);
  }
  collectIngress(kernel, into);
}

function collectIngress(kernel: Kernel, into: Snapshot): void {
  const { ingress } = kernel.routes;
  if (ingress === undefined) return;
  into.add("solo_ingress_connections", {}, ingress.connectionCount);
  for (const [status, count] of ingress.unrouted)
    into.add("solo_ingress_unrouted_total", { code: String(status) }, count);
  for (const service of kernel.services()) {
    const counters = ingress.requestsOf(service.key);
    if (counters === undefined) continue;
    const labels = { tenant: service.ref.tenant, service: service.ref.name };
    const { inFlight, held, errors } = ingress.stats(service.key);
    into.add("solo_ingress_errors_total", labels, errors);
    into.add("solo_ingress_in_flight", labels, inFlight);
    into.add("solo_ingress_waiting", labels, held);
    for (const [code, count] of byClass(counters)) into.add("solo_ingress_requests_total", { ...labels, code }, count);
    into.addDistribution("solo_ingress_request_duration_seconds", labels, durationsOf(counters));
    for (const [instance, own] of ingress.requestsByEndpoint(service.key)) {
      const ofInstance = { ...labels, instance };
      for (const [code, count] of byClass(own))
        into.add("solo_instance_requests_total", { ...ofInstance, code }, count);
      into.addDistribution("solo_instance_request_duration_seconds", ofInstance, durationsOf(own));
    }
  }
}

function* byClass(counters: RequestCounters): Generator<readonly [code: string, count: number]> {
  for (const [index, code] of classes.entries()) {
    const count = counters.classes[index] ?? 0;
    if (count > 0) yield [code, count];
  }
}

function durationsOf({ boundsMs, counts, sumMs }: RequestCounters): Distribution {
  const distribution = new Distribution(boundsMs.map((bound) => bound / 1_000));
  distribution.counts.set(counts);
  distribution.sum = sumMs / 1_000;
  return distribution;
}

/** By the first digit of a status. */
const classes = ["cut", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;
