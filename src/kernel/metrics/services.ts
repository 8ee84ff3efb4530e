import type { Snapshot } from "../../observe/metrics/index.ts";
import type { Kernel } from "../kernel.ts";
import type { Service } from "../service.ts";
import { serviceRow } from "../views.ts";

/** Services and their instances, as they are now. */
export function collectServices(kernel: Kernel, into: Snapshot): void {
  const states = new Map<string, { readonly tenant: string; readonly state: string; count: number }>();
  const active = new Map<string, number>();
  const rollouts = new Map<string, number>();
  for (const service of kernel.services()) {
    const { tenant } = service.ref;
    const state = collectService(kernel, service, into);
    const entry = states.get(`${tenant}/${state}`) ?? { tenant, state, count: 0 };
    entry.count++;
    states.set(`${tenant}/${state}`, entry);
    active.set(tenant, (active.get(tenant) ?? 0) + (service.desired === "running" ? 1 : 0));
    const isRollingOut = kernel.rollouts.targetOf(service.ref) !== undefined;
    rollouts.set(tenant, (rollouts.get(tenant) ?? 0) + (isRollingOut ? 1 : 0));
  }
  for (const { tenant, state, count } of states.values()) into.add("solo_services", { tenant, state }, count);
  for (const [tenant, count] of active) into.add("solo_active_services", { tenant }, count);
  for (const [tenant, count] of rollouts) into.add("solo_rollouts", { tenant }, count);
}

function collectService(kernel: Kernel, service: Service, into: Snapshot): string {
  const instances = kernel.supervisor.instancesOf(service.ref);
  const row = serviceRow(kernel, service, instances);
  const labels = { tenant: row.tenant, service: row.service };
  into.add("solo_service_replicas", labels, row.replicas);
  into.add("solo_service_ready_instances", labels, row.ready);
  into.add("solo_service_restarts_total", labels, row.restarts);
  into.add("solo_service_memory_bytes", labels, row.rss_bytes);
  into.add("solo_service_uptime_seconds", labels, row.uptime_ms / 1_000);
  for (const instance of instances) {
    const own = { ...labels, instance: instance.id };
    const usage = kernel.parts.limits.latestOf(instance);
    into.add("solo_instance_state", { ...own, state: instance.state }, 1);
    into.add("solo_instance_memory_bytes", own, usage.rssBytes);
    into.add("solo_instance_cpu_ratio", own, usage.cpuPercent / 100);
    into.add("solo_instance_in_flight", own, kernel.parts.traffic.pressure.callsOf(service.ref, instance.id));
    into.add("solo_instance_restarts_total", own, instance.restarts);
  }
  collectMailbox(kernel, service, labels, into);
  return row.state;
}

/** Those of a service that was never sent anything are left out. */
function collectMailbox(
  { parts: { traffic } }: Kernel,
  service: Service,
  labels: { readonly tenant: string; readonly service: string },
  into: Snapshot,
): void {
  const states = new Map<string, number>();
  for (const { state } of traffic.breakers.of(service.key)) states.set(state, (states.get(state) ?? 0) + 1);
  for (const [state, count] of states) into.add("solo_circuit_breakers", { ...labels, state }, count);
  const box = traffic.mailboxes.peek(service.ref)?.stats;
  if (box === undefined) return;
  into.add("solo_service_queue_length", labels, box.waiting);
  into.add("solo_service_queue_limit", labels, box.limit);
  into.add("solo_service_in_flight", labels, box.inFlight);
  for (const outcome of ["delivered", "refused", "expired"] as const) {
    into.add("solo_service_messages_total", { ...labels, outcome }, box[outcome]);
  }
}
