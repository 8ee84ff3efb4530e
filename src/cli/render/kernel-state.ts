import { formatDuration } from "../../api/index.ts";
import type { KernelState, Stopped } from "../daemon.ts";
import type { View } from "../view.ts";

export function renderKernelState({ pid, version, started, data_dir }: KernelState, { style }: View): string {
  const place = data_dir === null ? "" : `, ${data_dir}`;
  return `${style.green(started ? "started" : "already running")}  ${style.dim(`kernel ${pid}, version ${version}${place}`)}`;
}

export function renderShutdown({ pid, kept, stopped, took_ms }: Stopped, { style }: View): string {
  if (pid === null && stopped === 0) return style.dim("no kernel runs");
  const services = kept > 0 ? `${counted(kept)} kept running` : `${counted(stopped)} stopped`;
  const kernel = pid === null ? "services that had no kernel" : `kernel ${pid}`;
  return `stopped  ${style.dim(`${kernel}, ${services}, ${formatDuration(took_ms)}`)}`;
}

function counted(services: number): string {
  return services === 1 ? "1 service" : `${services} services`;
}
