import { readFileSync } from "node:fs";
import { release } from "node:os";
import { hasController } from "./control-groups.ts";
import { landlockSupport } from "./landlock.ts";
import { namespacesHere } from "./namespaces.ts";
import { canConfine } from "./spawn-confined.ts";

/** One means by which this machine can hold a service back. */
export interface Mechanism {
  readonly name: string;
  readonly available: boolean;
  /** Without it a sandbox in mode `enforce` is refused. */
  readonly required: boolean;
  /** What it does, or why it can't. */
  readonly detail: string;
  /** How much of the score it is. They add up to 100. */
  readonly weight: number;
}

/** What this machine offers, most important first. */
export function mechanisms(): readonly Mechanism[] {
  const { abi, files, truncate, tcp, scopes } = landlockSupport();
  const launcher = canConfine();
  const landlock = (since: string) => (abi === 0 ? "Landlock is not in force" : `Landlock ABI ${abi}; since ${since}`);
  return [
    {
      name: "launcher",
      available: launcher,
      required: true,
      detail: launcher ? "confines a program before it is executed" : "its few lines of C could not be compiled",
      weight: 0,
    },
    {
      name: "files",
      available: launcher && files,
      required: true,
      detail: files ? `Landlock ABI ${abi}` : landlock("Linux 5.13"),
      weight: 35,
    },
    {
      name: "tcp ports",
      available: launcher && tcp,
      required: true,
      detail: tcp ? `Landlock ABI ${abi}` : landlock("Linux 6.7"),
      weight: 20,
    },
    {
      name: "truncation",
      available: launcher && truncate,
      required: false,
      detail: truncate ? `Landlock ABI ${abi}` : landlock("Linux 6.2"),
      weight: 5,
    },
    {
      name: "signals",
      available: launcher && scopes,
      required: false,
      detail: scopes ? "signals and abstract sockets stay within the service" : landlock("Linux 6.12"),
      weight: 10,
    },
    {
      name: "system calls",
      available: launcher && hasSeccomp(),
      required: false,
      detail: hasSeccomp() ? "seccomp filter: tracing, mounts, namespaces, modules, keys" : "no seccomp filters",
      weight: 15,
    },
    {
      name: "privileges",
      available: launcher,
      required: true,
      detail: "no_new_privs; of root's capabilities only a few are left",
      weight: 10,
    },
    {
      name: "processes",
      available: launcher && hasController("pids"),
      required: false,
      detail: hasController("pids")
        ? "control groups bound how many processes and threads there are"
        : "no pids controller that this user may make groups in; their number is looked at once a second",
      weight: 0,
    },
    {
      name: "processor",
      available: launcher && hasController("cpu"),
      required: false,
      detail: hasController("cpu")
        ? "control groups give each instance one share of it, however many processes it has"
        : "no cpu controller that this user may make groups in; each process has a share of its own",
      weight: 0,
    },
    {
      name: "recording",
      available: launcher && whyUnrecordable() === undefined,
      required: false,
      detail: whyUnrecordable() ?? 'mode = "audit" can record what a service uses',
      weight: 0,
    },
    {
      name: "namespaces",
      available: launcher && namespacesHere(),
      required: false,
      detail: namespacesHere()
        ? "sandbox.namespaces = true hides other processes, and ends what a service leaves behind with it"
        : "this user may make none here",
      weight: 0,
    },
    {
      name: "resource limits",
      available: launcher,
      required: true,
      detail: "open files, file size, no core dumps",
      weight: 5,
    },
  ];
}

function hasSeccomp(): boolean {
  return read("/proc/sys/kernel/seccomp/actions_avail").includes("errno");
}

/** Why the calls of a service's processes can't be looked at; undefined when they can. Found out once. */
function whyUnrecordable(): string | undefined {
  recordable ??= { reason: unrecordable() };
  return recordable.reason;
}

let recordable: { readonly reason: string | undefined } | undefined;

function unrecordable(): string | undefined {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  const isOld = major < 5 || (major === 5 && minor < 19);
  if (isOld || !read("/proc/sys/kernel/seccomp/actions_avail").includes("user_notif")) {
    return "no system call listeners; since Linux 5.19";
  }
  // Whoever is not root may look at their own descendants only, and a recorder has none.
  const scope = Number(read("/proc/sys/kernel/yama/ptrace_scope") || 0);
  if (scope === 0 || (scope < 3 && process.getuid?.() === 0)) return undefined;
  return `kernel.yama.ptrace_scope is ${scope}: no process may look at another one`;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
