import { realpathSync } from "node:fs";

/** Where this kernel keeps what no service may reach, and what it runs with. All absolute. */
export interface SandboxPlace {
  /** The data directory, the folders of the sockets and of delivered secrets, the user's configuration of Solo. */
  readonly ownFolders: readonly string[];
  /** Where the instances' temporary folders are made. */
  readonly temporary: string;
  /** Where the services' own folders are, by tenant and name. */
  readonly files: string;
  readonly home: string;
  /** How this program is started; its first element is the runtime. */
  readonly self: readonly string[];
  /** The kernel's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Whether a path is `folder` itself or lies beneath it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === "/" || path.startsWith(`${folder}/`);
}

/** Which of Solo's own folders access to a path would open, with all links resolved; undefined when none. */
export function ownFolderAt(path: string, { ownFolders }: SandboxPlace): string | undefined {
  const real = resolved(path);
  return ownFolders.find((folder) => {
    const own = resolved(folder);
    return isWithin(real, own) || isWithin(own, real);
  });
}

/** Whether a folder holds what is not one service's own: a home, the whole machine, Solo's data. */
export function isTooWide(folder: string, place: SandboxPlace): boolean {
  const real = resolved(folder);
  const wide = [resolved(place.home), ...sharedFolders];
  return wide.some((other) => isWithin(other, real)) || ownFolderAt(real, place) !== undefined;
}

/** Everybody's temporary files, other users' homes, the machine's own settings and data. */
const sharedFolders = ["/tmp", "/var/tmp", "/dev/shm", "/home", "/root", "/etc", "/run", "/var/lib"];

/** The path without symbolic links; itself when nothing is there. */
export function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
