import { readFileSync } from "node:fs";

/** Signals that make the system write a core dump (signal(7)). */
const dumping = new Set([
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGSEGV",
  "SIGXCPU",
  "SIGXFSZ",
  "SIGSYS",
]);

/**
 * Where the core dump of a process that died by a signal is, or why there is none; null when its signal makes none.
 * @param isConfined whether a sandbox allowed it no core dump; otherwise its limit was this process's
 */
export function coreHint(signal: string | null, pid: number | null, isConfined: boolean): string | null {
  if (signal === null || !dumping.has(signal)) return null;
  const pattern = readText("/proc/sys/kernel/core_pattern");
  // A program that takes dumps gets them whatever the limit is, as long as it is not 1 (core(5)).
  if (pattern.startsWith("|")) {
    const program = pattern.slice(1).split(" ")[0] ?? "";
    if (!program.includes("systemd-coredump")) return `the system handed the core dump to ${program}`;
    return pid === null ? "`coredumpctl list` shows the core dump" : `\`coredumpctl info ${pid}\` shows the core dump`;
  }
  if (isConfined) return "no core dump: its sandbox allows none (`solo deploy --unsandboxed` where it is debugged)";
  if (/^Max core file size\s+0\s/m.test(readText("/proc/self/limits"))) {
    return "no core dump: the limit of its size is 0 (`ulimit -c unlimited` before `solo start` raises it)";
  }
  return `a core dump, if its folder was writable, is ${pattern === "" ? "core" : pattern} (core_pattern), from its working folder`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
