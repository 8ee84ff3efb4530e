import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { type ProcessStat, parseStatBytes } from "./process-stat.ts";

/** Longer than any line of a stat file: 52 numbers of at most 20 digits, and a name. */
const statBytes = 2_048;

/** So many descriptors are kept; what is read beyond them costs more, and works as well. */
const mostKept = 4_096;

interface StatFile {
  readonly fd: number;
  readonly stat: ProcessStat;
}

/**
 * Reads the stat files of the same processes again and again through descriptors that stay open, which costs a third of
 * opening them each time. A descriptor belongs to its process, whoever gets the pid after it.
 */
export class StatFiles {
  readonly #files = new Map<number, StatFile>();
  readonly #bytes = Buffer.alloc(statBytes);
  readonly #mostOpen = mostOpenFiles();

  /** The process with this pid, zombies included: the same object for as long as nothing changed; undefined for none. */
  read(pid: number): ProcessStat | undefined {
    const known = this.#files.get(pid);
    if (known === undefined) return this.#open(pid);
    const stat = this.#readFrom(known);
    if (stat !== undefined) {
      if (stat !== known.stat) this.#files.set(pid, { fd: known.fd, stat });
      return stat;
    }
    // That process is gone. There may be another one with its pid.
    this.#close(pid, known);
    return this.#open(pid);
  }

  /** Closes the files of all processes but these. */
  keepOnly(pids: ReadonlySet<number>): void {
    for (const [pid, file] of this.#files) if (!pids.has(pid)) this.#close(pid, file);
  }

  close(): void {
    this.keepOnly(new Set());
  }

  #open(pid: number): ProcessStat | undefined {
    let fd: number;
    try {
      fd = openSync(`/proc/${pid}/stat`, "r");
    } catch {
      return undefined;
    }
    const stat = this.#readFrom({ fd });
    // The lowest number that is free is taken: half of them are left to whatever else needs one.
    const isMany = this.#files.size >= mostKept || fd * 2 >= this.#mostOpen;
    if (stat === undefined || isMany) closeSync(fd);
    else this.#files.set(pid, { fd, stat });
    return stat;
  }

  /** A process may end between any two reads, so every failure means the same: it can't be seen any more. */
  #readFrom({ fd, stat }: Pick<StatFile, "fd"> & Partial<StatFile>): ProcessStat | undefined {
    try {
      return parseStatBytes(this.#bytes, readSync(fd, this.#bytes, 0, statBytes, 0), stat);
    } catch {
      return undefined;
    }
  }

  #close(pid: number, { fd }: StatFile): void {
    this.#files.delete(pid);
    closeSync(fd);
  }
}

/** Descriptors that this process may have (getrlimit(2)). */
function mostOpenFiles(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
