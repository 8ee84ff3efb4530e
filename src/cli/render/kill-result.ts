import { formatDuration, type KillResult } from "../../api/index.ts";
import type { View } from "../view.ts";

export function renderKillResult({ service, instances, took_ms }: KillResult, { style }: View): string {
  if (instances.length === 0) return `${style.bold(service)} is stopped`;
  const ends = instances.map(
    ({ id, exit_code, signal }) => `  ${id} ended with ${signal ?? exit_code ?? "an unknown status"}`,
  );
  return [`${style.bold(service)} stopped in ${formatDuration(took_ms)}`, ...ends].join("\n");
}
