import { accessSync, closeSync, constants, existsSync, readFileSync } from "node:fs";
import { mechanisms, openPidfd } from "../../system/index.ts";
import { type Finding, info, ok, warning } from "./finding.ts";

/** What the machine offers: limits, and kernel features that decide how much of Solo's protection works here. */
export function checkMachine(): Finding[] {
  return [openFiles(), pidfd(), ...sandbox(), cgroups(), namespaces()];
}

/** getrlimit(2), as /proc shows it. */
function openFiles(): Finding {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(read("/proc/self/limits"))?.[1] ?? "unknown";
  if (Number(soft) < comfortableOpenFiles) {
    return warning(
      "open files",
      `the limit is ${soft}`,
      `raise it with \`ulimit -n ${comfortableOpenFiles}\` before \`solo start\``,
    );
  }
  return ok("open files", `the limit is ${soft}`);
}

/** pidfd_open(2), Linux 5.3: how a kernel learns of the end of processes that are not its children. */
function pidfd(): Finding {
  const fd = openPidfd(process.pid);
  if (fd === undefined) {
    return warning(
      "pidfd",
      "the system has no pidfd_open",
      "Linux 5.3 or later is needed to take over running services",
    );
  }
  closeSync(fd);
  return ok("pidfd", "available");
}

/** What a sandbox can hold a service back by. Without the first ones a service is refused. */
function sandbox(): Finding[] {
  return mechanisms().map(({ name, available, required, detail }) => {
    if (available) return ok(`sandbox: ${name}`, detail);
    if (!required) return info(`sandbox: ${name}`, `missing: ${detail}`);
    return warning(
      `sandbox: ${name}`,
      `missing: ${detail}`,
      'services start here only with sandbox.mode = "best-effort", which defaults.sandbox gives to all, or --unsandboxed',
    );
  });
}

/** Whether limits of whole process trees could be left to the system: controllers of a group that this user may write to. */
function cgroups(): Finding {
  const own = /^0::(.*)$/m.exec(read("/proc/self/cgroup"))?.[1] ?? "/";
  const root = existsSync("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
  if (!existsSync(`${root}/cgroup.controllers`)) {
    return info("cgroups", existsSync("/sys/fs/cgroup") ? "version 1" : "none");
  }
  const controllers = read(`${root}${own}/cgroup.controllers`).trim() || "no controllers";
  const delegated = isWritable(`${root}${own}/cgroup.procs`) ? "delegated" : "not delegated to this user";
  return info(
    "cgroups",
    `version 2${root.endsWith("unified") ? " beside version 1" : ""}, ${delegated}: ${controllers}`,
  );
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function namespaces(): Finding {
  const most = Number(read("/proc/sys/user/max_user_namespaces").trim());
  return info("user namespaces", most > 0 ? "available" : "switched off");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A kernel holds about six files per instance: this is enough for some 650. */
const comfortableOpenFiles = 4_096;
