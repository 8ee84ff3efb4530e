import { metricsAllRequestSchema, metricsRequestSchema, type SoloApi } from "../../api/index.ts";
import { Snapshot } from "../../observe/metrics/index.ts";
import { accept } from "../api/accept.ts";
import { health } from "../health.ts";
import type { Kernel } from "../kernel.ts";
import { collectProcess } from "./process.ts";
import { collectServices } from "./services.ts";
import { collectStates } from "./state.ts";
import { collectTraffic } from "./traffic.ts";

/** The operations on metrics. */
export function metricsApi(kernel: Kernel): Pick<SoloApi, "metrics" | "metricsAll"> {
  return {
    metrics: async (input) => {
      const { tenant, name } = accept(metricsRequestSchema, input);
      if (name !== undefined) kernel.get({ tenant, name });
      return (await snapshot(kernel)).document({ tenant, service: name });
    },
    metricsAll: async (input) => {
      accept(metricsAllRequestSchema, input);
      return (await snapshot(kernel)).document();
    },
  };
}

async function snapshot(kernel: Kernel): Promise<Snapshot> {
  const { parts } = kernel;
  const into = new Snapshot();
  collectProcess(kernel, into);
  for (const { name, status } of (await health(kernel)).checks)
    into.add("solo_health_check", { check: name, status }, 1);
  collectServices(kernel, into);
  collectTraffic(kernel, into);
  collectStates(kernel, into);
  const { bytes, limitBytes } = parts.logs.space;
  into.add("solo_log_bytes", {}, bytes);
  into.add("solo_log_limit_bytes", {}, limitBytes);
  into.add("solo_events_dropped_total", {}, parts.events.dropped);
  into.add("solo_audit_unrecorded_total", {}, parts.audit.trail.unrecorded);
  into.add("solo_resource_checks_total", {}, parts.limits.rounds);
  parts.metrics.collect(into);
  return into;
}
