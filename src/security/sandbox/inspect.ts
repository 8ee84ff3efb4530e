import { readFileSync, readlinkSync } from "node:fs";
import type { ConfinedInstanceDocument, SandboxSpec } from "../../api/index.ts";
import { mechanisms } from "../../system/index.ts";

/** What the operating system says of a process of an instance (proc_pid_status(5), proc_pid_limits(5)). */
export function inspectProcess(id: string, pid: number | null, sandbox: SandboxSpec): ConfinedInstanceDocument {
  const status = pid === null ? "" : read(`/proc/${pid}/status`);
  const limits = pid === null ? "" : read(`/proc/${pid}/limits`);
  const no_new_privileges = field(status, "NoNewPrivs") === "1";
  const isStarted = sandbox.mode !== "off" && no_new_privileges;
  return {
    id,
    pid,
    confined: isStarted && sandbox.mode !== "audit",
    score: isStarted ? scoreOf(sandbox) : 0,
    no_new_privileges,
    own_processes: pid !== null && hasOwnProcesses(pid),
    filters: Number(field(status, "Seccomp_filters") ?? 0),
    // A program that root starts gets what the bounding set leaves; anybody else's only what it has.
    capabilities: bits(field(status, field(status, "Uid") === "0" || !no_new_privileges ? "CapBnd" : "CapPrm")),
    open_files: limit(limits, "Max open files"),
    file_bytes: limit(limits, "Max file size"),
    core_bytes: limit(limits, "Max core file size"),
  };
}

/**
 * How much of what could be held back is, from 0 to 100. A sandbox that allows any port loses half of what ports are worth; in
 * audit mode files and ports hold nothing back.
 */
export function scoreOf({ mode, connect, listen }: SandboxSpec): number {
  const share = (name: string) => {
    if (mode === "audit" && ["files", "tcp ports", "truncation"].includes(name)) return 0;
    return name === "tcp ports" ? (Number(connect !== "any") + Number(listen !== "any")) / 2 : 1;
  };
  return Math.round(
    mechanisms().reduce((sum, { name, available, weight }) => sum + (available ? weight * share(name) : 0), 0),
  );
}

function hasOwnProcesses(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync("/proc/self/ns/pid");
  } catch {
    return false;
  }
}

function field(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1];
}

function bits(hexadecimal = "0"): number {
  return BigInt(`0x${hexadecimal}`).toString(2).replaceAll("0", "").length;
}

/** The soft limit; null for none. */
function limit(limits: string, name: string): number | null {
  const value = new RegExp(`^${name}\\s+(\\S+)`, "m").exec(limits)?.[1];
  return value === undefined || value === "unlimited" ? null : Number(value);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
