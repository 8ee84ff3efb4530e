import { formatDuration } from "../../api/index.ts";
import type { KernelState, Stopped } from "../daemon.ts";
import type { View } from "../view.ts";

export function renderKernelState({ pid, version, started, data_dir }: KernelState, { style }: View): string {
  return `${style.green(started ? "started" : "already running")}  ${style.dim(`kernel ${pid}, version ${version}, ${data_dir}`)}`;
}

export function renderShutdown({ pid, kept, stopped, took_ms }: Stopped, { style }: View): string {
  if (pid === null) return style.dim("no kernel runs");
  const services = kept > 0 ? `${kept} services kept running` : `${stopped} services stopped`;
  return `stopped  ${style.dim(`kernel ${pid}, ${services}, ${formatDuration(took_ms)}`)}`;
}
