import type { DurableLog } from "../../store/index.ts";
import { ChangedKeys } from "./changed-keys.ts";
import type { DiskTable } from "./disk-table.ts";
import type { TableSnapshot } from "./table.ts";
import type { Mutation } from "./types.ts";

/** What a flush writes down: the state at one position. */
export interface FlushPoint {
  readonly table: TableSnapshot;
  readonly position: number;
  readonly time: number;
}

export interface FlusherParts {
  readonly log: DurableLog;
  readonly disk: DiskTable;
  readonly point: () => FlushPoint;
  /** While something is written to the log whose beginning a flush must not leave behind: when it is done. */
  readonly busy: () => Promise<unknown> | undefined;
  /** Called before each timed flush. */
  readonly beforeTimed: () => void;
}

/** Brings what changed into the table on disk: some time after a change, at once when a watched key changed, or when asked. */
export class TableFlusher {
  readonly #parts: FlusherParts;
  #changed = new ChangedKeys();
  #afterMs: number;
  #patterns: readonly RegExp[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSoon = false;
  #flushing: Promise<void> | undefined;
  #closed = false;
  failures = 0;
  /** Why the last flush failed; null after one that did not. */
  problem: string | null = null;

  constructor(parts: FlusherParts, afterMs: number) {
    this.#parts = parts;
    this.#afterMs = afterMs;
  }

  configure({ afterMs, patterns }: { afterMs?: number | undefined; patterns?: readonly string[] | undefined }): void {
    this.#afterMs = afterMs ?? this.#afterMs;
    if (patterns !== undefined) this.#patterns = patterns.map(patternOf);
  }

  /** Notes a change that was applied at a position. */
  note(mutation: Pick<Mutation, "op" | "space" | "key">, position: number): void {
    this.#changed.note(mutation, position);
    const { space, key } = mutation;
    const isSoon = !this.#isSoon && space === "data" && this.#patterns.some((pattern) => pattern.test(key));
    if (isSoon || this.#timer === undefined) this.#arm(isSoon ? 0 : this.#afterMs, isSoon);
  }

  /** Notes what has changed before anything else was noted here. */
  noteAll(changed: ChangedKeys): void {
    if (changed.isEmpty) return;
    this.#changed = changed;
    this.#arm(this.#afterMs, false);
  }

  /** Notes everything that was or will be written from a position on; what is deleted is to be noted beside. */
  noteSince(position: number): void {
    this.#changed.noteSince(position);
    if (this.#timer === undefined) this.#arm(this.#afterMs, false);
  }

  /** Flushes what has changed up to now. A flush under way is waited for first. */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing.catch(() => undefined);
    if (this.#changed.isEmpty) return;
    this.#flushing = this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  /** Stops the timer; a flush under way goes on. */
  stop(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #flush(): Promise<void> {
    const { log, disk, point, busy } = this.#parts;
    for (let other = busy(); other !== undefined; other = busy()) await other;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isSoon = false;
    const changed = this.#changed;
    this.#changed = new ChangedKeys();
    const address = log.tail;
    const { table, position, time } = point();
    try {
      // The table must never have what the log may lose.
      await log.commit();
      await disk.flush(changed.batches(table), table.bytes, { position, time, address });
      this.problem = null;
    } catch (error) {
      this.failures++;
      this.problem = error instanceof Error ? error.message : String(error);
      changed.noteAll(this.#changed);
      this.#changed = changed;
      await disk.giveUp();
      this.#arm(this.#afterMs, false);
      throw error;
    }
  }

  #arm(afterMs: number, isSoon: boolean): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#isSoon = isSoon;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#parts.beforeTimed();
      // The log has everything; the failure is counted, and the next flush tries again.
      this.flush().catch(() => undefined);
    }, afterMs);
    this.#timer.unref();
  }
}

/** A pattern's `*` stands for any text. */
function patternOf(pattern: string): RegExp {
  const literal = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`, "s");
}
