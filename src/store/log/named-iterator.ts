import type { Iterators } from "./iterators.ts";
import type { LogEntry } from "./page.ts";

interface FollowedLog {
  readonly begin: number;
  readonly committed: number;
  follow(options: { from?: number; signal?: AbortSignal }): AsyncGenerator<LogEntry>;
}

/**
 * A reader that goes on where it was when the log is opened again.
 * @example
 * const mailer = log.iterator("mailer");
 * for await (const entry of mailer.follow()) {
 *   await send(entry.payload);
 *   mailer.complete(entry);
 * }
 */
export class NamedIterator {
  readonly name: string;
  readonly #log: FollowedLog;
  readonly #iterators: Iterators;
  readonly #changed: () => void;

  constructor(log: FollowedLog, name: string, iterators: Iterators, changed: () => void) {
    this.#log = log;
    this.name = name;
    this.#iterators = iterators;
    this.#changed = changed;
  }

  /** Everything before this address is completed, or was truncated. */
  get position(): number {
    return Math.max(this.#log.begin, this.#iterators.positions.get(this.name) ?? 0);
  }

  /** Durable entries that aren't completed, and then every one as soon as it is durable. */
  follow({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<LogEntry> {
    return this.#log.follow({ from: this.position, ...(signal && { signal }) });
  }

  /**
   * The entry, with all before it, needn't be read again. Durable with the log's next commit: after a crash before that,
   * entries come again.
   */
  complete(entry: Pick<LogEntry, "end">): void {
    this.#iterators.set(this.name, Math.min(entry.end, this.#log.committed));
    this.#changed();
  }
}
