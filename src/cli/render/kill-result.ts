import { formatDuration, type KillResult, type StoppedInstance } from "../../api/index.ts";
import type { View } from "../view.ts";

export function renderKillResult({ service, instances, took_ms }: KillResult, { style }: View): string {
  if (instances.length === 0) return `${style.bold(service)} is stopped`;
  const ends = instances.map((instance) => `  ${instance.id} ${endOf(instance)}`);
  return [`${style.bold(service)} stopped in ${formatDuration(took_ms)}`, ...ends].join("\n");
}

function endOf({ exit_code, signal, pid }: StoppedInstance): string {
  if (signal !== null) return `ended by ${signal}`;
  if (exit_code !== null) return `exited with code ${exit_code}`;
  return pid === null ? "had no process" : "ended, nobody knows how";
}
