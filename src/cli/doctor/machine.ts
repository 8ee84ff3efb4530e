import { closeSync, existsSync, readFileSync } from "node:fs";
import { openPidfd } from "../../system/index.ts";
import { type Finding, info, ok, warning } from "./finding.ts";

/** What the machine offers: limits, and kernel features that decide how much of Solo's protection works here. */
export function checkMachine(): Finding[] {
  return [openFiles(), pidfd(), landlock(), cgroups(), namespaces()];
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

/** The security modules in force, as securityfs lists them. */
function landlock(): Finding {
  const modules = read("/sys/kernel/security/lsm").split(",");
  if (modules.includes("landlock")) return ok("landlock", "available");
  return info("landlock", modules.join("") === "" ? "not known: securityfs is not mounted" : "not in force");
}

function cgroups(): Finding {
  if (existsSync("/sys/fs/cgroup/cgroup.controllers"))
    return info("cgroups", `version 2: ${read("/sys/fs/cgroup/cgroup.controllers").trim()}`);
  if (existsSync("/sys/fs/cgroup/unified/cgroup.controllers"))
    return info("cgroups", "hybrid: version 1 with a version 2 tree beside it");
  return info("cgroups", existsSync("/sys/fs/cgroup") ? "version 1" : "none");
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
