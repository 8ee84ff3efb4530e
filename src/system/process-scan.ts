import { readdirSync } from "node:fs";
import { isRunning, type ProcessStat, readStat } from "./proc.ts";

/**
 * A look at all processes of the machine, read once each and in parts: for many trees at a time it costs a fraction of
 * following each of them. A process that begins meanwhile is in the next look.
 */
export class ProcessScan {
  readonly #pids: number[] = [];
  readonly #found = new Map<number, ProcessStat>();
  readonly #children = new Map<number, number[]>();
  #read = 0;

  /** @param skipped pids that need not be read */
  constructor(skipped: ReadonlySet<number> = new Set()) {
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
      const stat = readStat(this.#pids[this.#read] ?? 0);
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
  treeOf(roots: Iterable<number>): ProcessStat[] {
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
