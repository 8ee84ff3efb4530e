import type { ServiceHealth } from "../service-health.ts";
import type { View } from "../view.ts";
import { paintState } from "./state.ts";

export function renderServiceHealth(health: ServiceHealth, { style }: View): string {
  const { service, status, state, ready, replicas, probes } = health;
  const heading = `${style.bold(service)}  ${paintState(status, status, style)}  ${style.dim(`${state}, ${ready}/${replicas} ready`)}`;
  const lines = probes.map(({ instance, probe, type, ok, consecutive, message }) => {
    const verdict = ok === null ? style.dim("unknown") : ok ? style.green("ok") : style.red("failing");
    return `  ${instance} ${probe} (${type}): ${verdict} ×${consecutive}${message === "" ? "" : `, ${message}`}`;
  });
  return [heading, ...lines].join("\n");
}
