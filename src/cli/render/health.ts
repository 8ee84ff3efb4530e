import { formatDuration, formatSize, type HealthDocument } from "../../api/index.ts";
import type { View } from "../view.ts";
import { paintState } from "./state.ts";

export function renderHealth(health: HealthDocument, { style }: View): string {
  const { services, checks } = health;
  const facts = [
    `kernel ${health.pid}`,
    health.version,
    `up ${formatDuration(health.uptime_ms)}`,
    formatSize(health.memory_bytes),
    `${services.ready}/${services.total} services ready`,
  ];
  const lines = checks.map(
    ({ name, status, message }) => `  ${paintState(status.padEnd(10), status, style)}${name}: ${message}`,
  );
  return [`${paintState(health.status, health.status, style)}  ${style.dim(facts.join(", "))}`, ...lines].join("\n");
}
