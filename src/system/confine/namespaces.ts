import { readFileSync } from "node:fs";

/** CLONE_NEWPID, CLONE_NEWNS, CLONE_NEWIPC; CLONE_NEWUSER, without which only root may make the others. */
const flags = 0x2000_0000 | 0x0002_0000 | 0x0800_0000;
const userFlag = 0x1000_0000;

/** For whom this process is. */
export function namespaceFlags(): number {
  return process.geteuid?.() === 0 ? flags : flags | userFlag;
}

/** Whether this user may make namespaces here, as far as the system's settings tell; a container may forbid it none the less. */
export function namespacesHere(): boolean {
  found ??= process.geteuid?.() === 0 ? hasCapability(mayAdministrate) : mayMakeUsers();
  return found;
}

let found: boolean | undefined;

/** CAP_SYS_ADMIN. */
const mayAdministrate = 21;

function hasCapability(capability: number): boolean {
  const effective = /^CapEff:\s*(\S+)/m.exec(read("/proc/self/status"))?.[1] ?? "0";
  return ((BigInt(`0x${effective}`) >> BigInt(capability)) & 1n) === 1n;
}

/** Debian's and Ubuntu's settings stand beside Linux' own. */
function mayMakeUsers(): boolean {
  return (
    Number(read("/proc/sys/user/max_user_namespaces")) > 0 &&
    read("/proc/sys/kernel/unprivileged_userns_clone").trim() !== "0" &&
    read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").trim() !== "1"
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
