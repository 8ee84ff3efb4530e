import { type CrashDocument, type CrashList, formatDuration, formatSize } from "../../api/index.ts";
import type { View } from "../view.ts";

/** Every crash with what is known of it, the latest first. */
export function renderCrashes({ crashes }: CrashList, view: View): string {
  if (crashes.length === 0) return "no crashes are on record";
  return crashes.map((crash) => renderCrash(crash, view)).join("\n\n");
}

function renderCrash(crash: CrashDocument, { style }: View): string {
  const { time, instance, pid, reason, uptime_ms, restarts, state, usage, core, log } = crash;
  const facts = [
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(uptime_ms === null ? [] : [`after ${formatDuration(uptime_ms)}`]),
    ...(usage === null ? [] : [`${formatSize(usage.rss_bytes)} of memory`, `${usage.cpu_percent} % CPU`]),
    ...limitsOf(crash),
    `restarts ${restarts}, then ${state}`,
  ];
  return [
    `${style.dim(time)} ${style.cyan(instance)} ${style.red(reason)}`,
    `  ${facts.join(", ")}`,
    ...(core === null ? [] : [`  ${core}`]),
    ...log.map((line) => `  ${style.dim("│")} ${line}`),
  ].join("\n");
}

function limitsOf({ limits }: CrashDocument): string[] {
  if (limits === null) return [];
  const { memory_bytes, cpu_cores, processes, files } = limits;
  const parts = [
    ...(memory_bytes === undefined ? [] : [`memory ${formatSize(memory_bytes)}`]),
    ...(cpu_cores === undefined ? [] : [`${cpu_cores} cores`]),
    ...(processes === undefined ? [] : [`${processes} processes`]),
    ...(files === undefined ? [] : [`${files} files`]),
  ];
  return [`limits: ${parts.join(" · ")}`];
}
