import { readdirSync, readFileSync } from "node:fs";
import type { Snapshot } from "../../observe/metrics/index.ts";
import { pageSize } from "../../system/index.ts";
import type { Kernel } from "../kernel.ts";

/** What the kernel's own process uses, under the names that every client library of Prometheus gives it. */
export function collectProcess({ parts, clock, startedAt }: Kernel, into: Snapshot): void {
  const { version, commit } = parts.version;
  const { user, system } = process.cpuUsage();
  into.add("process_cpu_seconds_total", {}, (user + system) / 1e6);
  into.add("process_resident_memory_bytes", {}, process.memoryUsage.rss());
  into.add("process_virtual_memory_bytes", {}, virtualMemory());
  into.add("process_open_fds", {}, readdirSync("/proc/self/fd").length);
  into.add("process_max_fds", {}, mostFiles());
  into.add("process_start_time_seconds", {}, clock.now() / 1_000 - process.uptime());
  into.add("solo_build_info", { version, commit }, 1);
  into.add("solo_uptime_seconds", {}, (clock.monotonic() - startedAt) / 1_000);
}

function virtualMemory(): number {
  const [pages] = readFileSync("/proc/self/statm", "utf8").split(" ");
  return Number(pages) * pageSize();
}

function mostFiles(): number {
  return Number(/^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
}
