import { readdirSync } from "node:fs";
import { isRunning } from "./proc.ts";
import type { ProcessStat } from "./process-stat.ts";
import type { StatFiles } from "./stat-files.ts";

/**
 * A look at all processes of the machine, read once each and in parts: for many trees at a time it costs a fraction of
 * following each of them. A process that begins meanwhile is in the next look.
 */
export class ProcessScan {
  readonly #pids: number[] = [];
  readonly #found = new Map<number, ProcessStat>();
  readonly #children = new Map<number, number[]>();
  readonly #files: StatFiles;
  #read = 0;

  /** @param skipped pids that need not be read */
  constructor(files: StatFiles, skipped: ReadonlySet<number> = new Set()) {
    this.#files = files;
    for (const name of readdirSync("/proc")) {
      const pid = Number(name);
      if (Number.isInteger(pid) && !skipped.has(pid)) this.#pids.push(pid);
    }
  }

  /** Processes that there were when it began. */
  get size(): number {
    return this.#pids.length;
  }

  get isDone(): boolean {
    return this.#read >= this.#pids.length;
  }

  /** Reads some more of them. */
  read(count: number): void {
    const end = Math.min(this.#read + count, this.#pids.length);
    for (; this.#read < end; this.#read++) {
      const stat = this.#files.read(this.#pids[this.#read] ?? 0);
      if (!isRunning(stat)) continue;
      this.#found.set(stat.pid, stat);
      const siblings = this.#children.get(stat.ppid);
      if (siblings === undefined) this.#children.set(stat.ppid, [stat.pid]);
      else siblings.push(stat.pid);
    }
  }

  /** Those that were read. */
  pids(): Iterable<number> {
    return this.#found.keys();
  }

  get(pid: number): ProcessStat | undefined {
    return this.#found.get(pid);
  }

  childrenOf(pid: number): readonly number[] {
    return this.#children.get(pid) ?? [];
  }

  /** Some processes and all that descend from them, each once. */
  treeOf(roots: readonly number[]): ProcessStat[] {
    const [root = 0, ...others] = roots;
    // Most services are one process.
    if (others.length === 0 && !this.#children.has(root)) {
      const only = this.#found.get(root);
      return only === undefined ? [] : [only];
    }
    const members = new Map<number, ProcessStat>();
    const pending = [...roots];
    for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
      const stat = this.#found.get(pid);
      if (stat === undefined || members.has(pid)) continue;
      members.set(pid, stat);
      pending.push(...this.childrenOf(pid));
    }
    return [...members.values()];
  }
}
