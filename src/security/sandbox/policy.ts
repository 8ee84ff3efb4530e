import { existsSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { ServiceSpec } from "../../api/index.ts";
import type { PathRights } from "../../system/index.ts";
import { dnsPort, systemDevices, systemFiles, systemPrograms } from "./defaults.ts";
import { isTooWide, isWithin, resolved, type SandboxPlace } from "./place.ts";

/** What one process may do, complete: whatever is not in here is refused. */
export interface SandboxPolicy {
  readonly paths: readonly PathGrant[];
  readonly connect: "any" | readonly number[];
  readonly listen: "any" | readonly number[];
}

export interface PathGrant extends PathRights {
  readonly path: string;
  /** What the grant comes from. */
  readonly origin: "system" | "program" | "instance" | "working_directory" | "argument" | "declared";
}

/** What is known of a process that is about to be started. */
export interface SandboxSubject {
  readonly spec: ServiceSpec;
  readonly port: number;
  readonly cwd: string;
  /** The program's file. */
  readonly executable: string;
  /** The artifact's entry file (`source`, `wasm`). */
  readonly entry: string;
  readonly streams: readonly string[];
  /** Folders of its own: one that goes with the instance, and one that stays with the service. */
  readonly temporary: string;
  readonly files: string;
  /** The folder of its secrets; null when it has none. */
  readonly secrets: string | null;
  /** The file of its token. */
  readonly token: string;
}

/** What a service asked for, and what it needs to run at all. */
export function policyOf(subject: SandboxSubject, place: SandboxPlace): SandboxPolicy {
  const { spec, port } = subject;
  const { sandbox } = spec;
  const own = [port, ...(spec.fixed_port === undefined ? [] : [spec.fixed_port])];
  return {
    paths: [
      ...systemPrograms.map((path) => grant(path, "system", { read: true, execute: true })),
      ...systemFiles.map((path) => grant(path, "system", { read: true })),
      ...systemDevices.map((path) => grant(path, "system", { read: true, write: true })),
      ...programOf(subject, place),
      ...[subject.temporary, subject.files].map((path) => grant(path, "instance", { read: true, write: true })),
      ...(subject.secrets === null ? [] : [grant(subject.secrets, "instance", { read: true })]),
      grant(dirname(subject.token), "instance", { read: true }),
      ...subject.streams.map((path) => grant(path, "instance", { read: true, write: true })),
      ...foundOf(subject),
      ...sandbox.read.map((path) => grant(path, "declared", { read: true, execute: true })),
      ...writableOf(spec).map((path) => grant(path, "declared", { read: true, write: true })),
    ],
    connect:
      sandbox.connect === "any"
        ? "any"
        : [...new Set([...own, ...(sandbox.udp === false ? [] : [dnsPort]), ...sandbox.connect])],
    listen: sandbox.listen === "any" ? "any" : [...new Set([...own, ...sandbox.listen])],
  };
}

/** The files and folders, by the service's own words, that it may change. */
export function writableOf(spec: ServiceSpec): string[] {
  const kept = spec.state?.mode === "external" ? spec.state.folders : [];
  return [...new Set([...spec.sandbox.write, ...Object.values(spec.preopens), ...kept])];
}

function programOf({ spec, executable, entry }: SandboxSubject, place: SandboxPlace): PathGrant[] {
  const rights = { read: true, execute: true };
  if (spec.kind === "command" || spec.kind === "port") {
    const real = resolved(executable);
    const installations = [executable, real].flatMap((path) => installationOf(path, place) ?? []);
    const files = new Set([executable, real, ...installations, ...configurationOf(real)]);
    return [...files].map((path) => grant(path, "program", rights));
  }
  const [runtime = "", main] = place.self;
  // In development the host is not part of the runtime: it is read from the source tree.
  const source = main === undefined ? [] : [dirname(dirname(main))];
  return [
    ...[...new Set([runtime, resolved(runtime), ...source])].map((path) => grant(path, "program", rights)),
    grant(dirname(entry), "program", { read: true }),
  ];
}

/**
 * A program in `PREFIX/bin` whose `PREFIX/lib` is there brought its libraries along, as those of nvm and conda do; one in
 * `PREFIX/shims` stands for one in `PREFIX/versions`, as those of pyenv and rbenv do.
 */
function installationOf(executable: string, place: SandboxPlace): string | undefined {
  const folder = dirname(executable);
  const prefix = dirname(folder);
  const beside = /\/s?bin$/.test(folder) ? "lib" : folder.endsWith("/shims") ? "versions" : undefined;
  const isInstallation = beside !== undefined && existsSync(`${prefix}/${beside}`);
  return isInstallation && !isTooWide(prefix, place) && prefix !== `${place.home}/.local` ? prefix : undefined;
}

/** What the deploy found, as far as it still is what it was. */
function foundOf({ spec: { sandbox }, cwd }: SandboxSubject): PathGrant[] {
  const working = resolved(cwd);
  return sandbox.found
    .filter((path) => resolved(path) === path)
    .map((path) => grant(path, path === working ? "working_directory" : "argument", { read: true, execute: true }));
}

/**
 * The folder of a system's program in /etc, as Debian and Fedora name it: /etc/nginx, /etc/redis of redis-server. Only what
 * every user may read, and not what holds the machine's keys.
 */
function configurationOf(executable: string): string[] {
  if (!systemPrograms.some((folder) => isWithin(executable, folder))) return [];
  const name = basename(executable);
  const stem = /^[a-z]+/.exec(name)?.[0] ?? name;
  return [...new Set([name, stem])]
    .filter((word) => !keptConfigurations.has(word))
    .map((word) => `/etc/${word}`)
    .filter((folder) => {
      const stat = statSync(folder, { throwIfNoEntry: false });
      return stat?.isDirectory() === true && (stat.mode & everybodyReads) === everybodyReads;
    });
}

/** Read and enter, for others. */
const everybodyReads = 0o005;
const keptConfigurations: ReadonlySet<string> = new Set([
  "ssh",
  "ssl",
  "security",
  "pki",
  "ipsec",
  "wireguard",
  "docker",
]);

function grant(path: string, origin: PathGrant["origin"], rights: PathRights): PathGrant {
  return { path, origin, ...rights };
}
