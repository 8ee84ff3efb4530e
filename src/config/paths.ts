import { isAbsolute, join, resolve } from "node:path";
import { SoloError } from "../api/error.ts";
import { stateSocketName } from "../api/state-channel.ts";

/** A unix socket's path has 108 bytes with its final zero (`sun_path`, unix(7)). */
export const maxSocketPathBytes = 107;
const longestSocketName = "control.sock";

/** The environment variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The folders that the environment gives a user (XDG Base Directory Specification 0.8). */
export interface Folders {
  readonly home: string;
  /** `$XDG_CONFIG_HOME/solo`. */
  readonly configDir: string;
  /** `$XDG_STATE_HOME/solo`. */
  readonly defaultDataDir: string;
}

/** Everything Solo keeps, and where. All absolute. */
export interface Paths {
  readonly configDir: string;
  readonly dataDir: string;
  /** SQLite: services, revisions, desired state, events. */
  readonly database: string;
  readonly artifacts: string;
  /** Programs that were brought for a deploy: a folder for each tenant. */
  readonly uploads: string;
  readonly logs: string;
  /** What lives as long as the instances do: their control sockets and output. */
  readonly run: string;
  /** Held by the one kernel of this data directory. */
  readonly lock: string;
  /** The kernel's socket, in a folder that only its owner may enter. */
  readonly socket: string;
  /** Where the hosts of its services connect. */
  readonly controlSocket: string;
  /** Where the hosts of its services reach their state. */
  readonly stateSocket: string;
  /** SQLite: sealed secrets. */
  readonly secrets: string;
  /** The key that seals them, unless it is kept elsewhere. */
  readonly secretKey: string;
  /** Certificates that `solo tls init` made. */
  readonly tls: string;
  /** Services' state: a folder for each tenant, in it one for each service. */
  readonly state: string;
  /** Services' own files (`STATE_DIRECTORY`), in the same way. */
  readonly files: string;
  /** What services in audit mode were seen to use, in the same way. */
  readonly uses: string;
}

/** The data directory within a home, where `$XDG_STATE_HOME` says nothing else. */
const homeDataDir = ".local/state/solo";

export function folders(env: Variables): Folders {
  const home = absolute(env.HOME) ?? process.getBuiltinModule("node:os").homedir();
  const stateHome = absolute(env.XDG_STATE_HOME);
  return {
    home,
    configDir: join(absolute(env.XDG_CONFIG_HOME) ?? join(home, ".config"), "solo"),
    defaultDataDir: stateHome === undefined ? join(home, homeDataDir) : join(stateHome, "solo"),
  };
}

/**
 * Where things are for a data directory; for the environment's own one when none is given.
 * @throws SoloError `invalid_config` for a path with a question mark: Bun takes what follows for a query, and would find no
 * module there
 */
export function paths(env: Variables, dataDir?: string): Paths {
  const user = folders(env);
  const root = resolve(dataDir ?? user.defaultDataDir);
  if (root.includes("?")) {
    throw new SoloError("invalid_config", `${root}: a data directory can't have a question mark in its path`, {
      hint: "choose another one with --data-dir",
    });
  }
  return {
    configDir: user.configDir,
    dataDir: root,
    database: join(root, "kernel.db"),
    artifacts: join(root, "artifacts"),
    uploads: join(root, "uploads"),
    logs: join(root, "logs"),
    run: join(root, "run"),
    lock: join(root, "solo.lock"),
    socket: join(socketFolder(root), "solo.sock"),
    controlSocket: join(socketFolder(root), longestSocketName),
    stateSocket: join(socketFolder(root), stateSocketName),
    secrets: join(root, "secrets.db"),
    secretKey: join(root, "secrets.key"),
    tls: join(root, "tls"),
    state: join(root, "state"),
    files: join(root, "files"),
    uses: join(root, "uses"),
  };
}

/**
 * In the data directory itself, so that every client that names the same directory finds it, whatever its session and
 * environment. A path too long for a socket is replaced by one in /tmp that follows from the data directory alone; whoever
 * makes that folder must check that it is the user's own.
 */
function socketFolder(dataDir: string): string {
  const longest = join(dataDir, longestSocketName);
  if (Buffer.byteLength(longest) <= maxSocketPathBytes) return dataDir;
  const owner = process.getuid?.() ?? 0;
  return `/tmp/solo-${owner}-${Bun.hash.xxHash3(dataDir).toString(16)}`;
}

/** An absolute path: `~/` is the home, and a relative path starts at `folder`. */
export function expandPath(path: string, folder: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : resolve(folder, path);
}

/** The specification says that a relative path in these variables is invalid and to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
