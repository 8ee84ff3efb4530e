import { pause } from "../../../system/index.ts";
import type { AuditLine } from "../record.ts";
import type { AuditTrail } from "../trail.ts";
import type { DeliveryPosition } from "./position.ts";
import type { DeliveryTarget } from "./target.ts";

/** Records handed over at once. */
const batchRecords = 500;
/** Pauses after failures double between these. */
const firstPauseMs = 500;
const longestPauseMs = 60_000;

export interface DeliveryOptions {
  readonly trail: AuditTrail;
  readonly target: DeliveryTarget;
  readonly position: DeliveryPosition;
  /** From 0 to 1: spreads the attempts of many kernels. */
  readonly random: () => number;
  /** Told once when a target stops taking records, with why, and once when it takes them again, with null. */
  readonly onState: (target: DeliveryTarget, problem: string | null) => void;
}

/**
 * Sends every record of a trail to a target, in order and at least once: after a crash it goes on behind the last one whose
 * taking was noted, so that a few may come twice. A target tells them by their sequence.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  #problem: string | null = null;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Why the target takes nothing at present; null when it does. */
  get problem(): string | null {
    return this.#problem;
  }

  get target(): DeliveryTarget {
    return this.#options.target;
  }

  /** Resolves when everything that is on record now was taken, or after a time. */
  async caughtUp(withinMs: number): Promise<void> {
    const { trail, position } = this.#options;
    const deadline = performance.now() + withinMs;
    while (position.sequence < (trail.head?.sequence ?? 0) && this.#problem === null && performance.now() < deadline) {
      await Bun.sleep(pollMs);
    }
  }

  /** Stops; the next kernel goes on where it was. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    this.#options.target.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        for await (const batch of this.#batches(signal)) {
          await this.#hand(batch, signal);
          pauseMs = firstPauseMs;
        }
        if (!signal.aborted) return;
      } catch (error) {
        if (!signal.aborted) this.#change(error instanceof Error ? error.message : String(error));
      }
      await pause(pauseMs * (0.5 + this.#options.random() / 2), signal);
    }
  }

  async #hand(batch: readonly AuditLine[], signal: AbortSignal): Promise<void> {
    const { target, position } = this.#options;
    await target.deliver(batch, signal);
    position.advance(batch.at(-1)?.sequence ?? position.sequence);
    this.#change(null);
  }

  /** What there is, up to a bound, and then what comes. */
  async *#batches(signal: AbortSignal): AsyncGenerator<AuditLine[]> {
    const { trail, position } = this.#options;
    const records = trail.read({ after: position.sequence, follow: true }, signal);
    let next = records.next();
    for (let first = await next; !first.done; first = await next) {
      const batch = [first.value];
      const soon = new Promise<"later">((resolve) => setImmediate(() => resolve("later")));
      next = records.next();
      while (batch.length < batchRecords) {
        const more = await Promise.race([next, soon]);
        if (more === "later" || more.done) break;
        batch.push(more.value);
        next = records.next();
      }
      yield batch;
    }
  }

  #change(problem: string | null): void {
    const before = this.#problem;
    this.#problem = problem;
    if ((before === null) !== (problem === null)) this.#options.onState(this.#options.target, problem);
  }
}

const pollMs = 10;
