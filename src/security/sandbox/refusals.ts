import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { SandboxRefusal } from "../../api/index.ts";
import { isWithin } from "./place.ts";
import type { SandboxPolicy } from "./policy.ts";

/**
 * What a service's own words say that its sandbox refused it. The system tells a refusal to the program only, so this is what
 * programs make of it: their messages are read as Node, Bun, Python, Go, shells and servers write them. What the policy allows
 * was refused by something else (a file's mode, say) and is left out.
 *
 * @param lines of its log, oldest first
 */
export function refusalsIn(lines: readonly string[], policy: SandboxPolicy, cwd: string): SandboxRefusal[] {
  const found = new Map<string, SandboxRefusal>();
  lines.forEach((line, index) => {
    if (!denial.test(line)) return;
    const message = new Message(line, lines.slice(Math.max(0, index - linesBefore), index), after(lines, index));
    const refusal = portRefusal(message, policy) ?? fileRefusal(message, policy, cwd);
    if (refusal !== undefined) found.set(`${refusal.access}:${refusal.target}`, refusal);
  });
  return [...found.values()].slice(0, mostRefusals);
}

/** What a line that tells of a refusal looks like; the log's reader looks for the same before it asks here. */
const denial = /\bEACCES\b|\bEPERM\b|permission denied|operation not permitted/i;

const mostRefusals = 10;
const linesBefore = 4;
const linesAfter = 6;

/** A message, with the lines around it that belong to it: a source excerpt and a stack before, properties behind. */
class Message {
  constructor(
    readonly line: string,
    readonly before: readonly string[],
    readonly after: readonly string[],
  ) {}

  /** A property that Bun or Node prints beneath an error. */
  property(name: string): string | undefined {
    const pattern = new RegExp(`^\\s*${name}: "?([^",]+)"?,?\\s*$`);
    return this.after.map((line) => pattern.exec(line)?.[1]).find((value) => value !== undefined);
  }
}

function after(lines: readonly string[], index: number): string[] {
  const next = lines.slice(index + 1, index + 1 + linesAfter);
  const end = next.findIndex((line) => line.trim() === "");
  return end < 0 ? next : next.slice(0, end);
}

function portRefusal(message: Message, policy: SandboxPolicy): SandboxRefusal | undefined {
  const access = portAccess(message);
  if (access === undefined) return undefined;
  const port = portOf(message);
  const allowed = policy[access];
  if (allowed === "any" || (port !== null && allowed.includes(port))) return undefined;
  return { access, target: port, line: message.line };
}

function portAccess(message: Message): "connect" | "listen" | undefined {
  const syscall = message.property("syscall");
  if (syscall === "connect") return "connect";
  if (syscall === "listen" || syscall === "bind") return "listen";
  if (syscall !== undefined) return undefined;
  const { line } = message;
  if (/\b(bind|listen|listening)\b/i.test(line)) return "listen";
  if (/\b(connect|connecting|connection|dial)\b|typo in the url/i.test(line)) return "connect";
  if (/['"‘/]/.test(line.replace(/\[Errno \d+\]/, ""))) return undefined;
  const call = message.before.findLast((text) => /\b(connect|bind|listen)\(/.test(text));
  if (call === undefined) return undefined;
  return call.includes("connect(") ? "connect" : "listen";
}

function portOf(message: Message): number | null {
  const url = /\bhttps?:\/\/\S+/.exec(message.line)?.[0] ?? message.property("path");
  const texts = [message.property("port"), portInUrl(url), /(?<!:\d{1,5}):(\d{1,5})\b(?!:\d)/.exec(message.line)?.[1]];
  const port = Number(texts.find((text) => text !== undefined && text !== "") ?? Number.NaN);
  return port >= 1 && port <= 65_535 ? port : null;
}

function portInUrl(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { port, protocol } = new URL(text);
  return port !== "" ? port : { "https:": "443", "http:": "80" }[protocol];
}

function fileRefusal(message: Message, policy: SandboxPolicy, cwd: string): SandboxRefusal | undefined {
  const named = pathOf(message);
  if (named === undefined) return undefined;
  const path = resolve(cwd, named);
  const may = (right: "read" | "write" | "execute") =>
    policy.paths.some((grant) => grant[right] === true && isWithin(path, grant.path));
  if (may("write")) return undefined;
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  // What may be read was to be changed; and so was what is not there.
  const access = may("read") || !isThere || changes.test(message.line) ? "write" : "read";
  return { access, target: isThere ? path : nearestFolder(path), line: message.line };
}

/** Words of programs that wanted to change something. */
const changes =
  /\b(creat\w*|mkdir|writ\w*|unlink|remov\w*|delet\w*|renam\w*|rmdir|truncat\w*|sav\w*|touch|mknod|symlink)\b/i;

function pathOf(message: Message): string | undefined {
  const property = message.property("path");
  if (property !== undefined && !URL.canParse(property)) return property;
  const { line } = message;
  const quoted = /['"‘`]([^'"’`]*\/[^'"’`]*|[^'"’`\s]+\.[\w]+)['"’`]/.exec(line)?.[1];
  if (quoted !== undefined) return quoted;
  // As in `cat: /etc/shadow: Permission denied` and `open /x: permission denied`; else any path.
  const shown = /(\S+): permission denied/i.exec(line)?.[1];
  if (shown?.includes("/")) return shown;
  return /(?:^|[\s(])(\.{0,2}\/[^\s:,;)]+)/.exec(line)?.[1];
}

/** The folder that would have to be writable for a path to come to be. */
function nearestFolder(path: string): string {
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  }
  return path;
}
