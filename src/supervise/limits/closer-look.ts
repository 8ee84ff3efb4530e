import type { ServiceSpec } from "../../api/index.ts";
import { type Clock, descendantsOf, pageSize, readStat } from "../../system/index.ts";

/** So often an instance is looked at that may pass a limit before the next round … */
const periodMs = 100;
/** … for so long, unless it is named again. */
const windowMs = 1_500;
/** So many at once: a look costs some 20 µs for each of their processes. */
const mostAtOnce = 16;
/** What uses more than this share of a limit and grew by more than this factor since the last round may be past it by the next one. */
const nearShare = 0.5;
const growth = 1.1;

/** What is known of an instance here. */
export interface Limited {
  readonly pid: number | null;
  readonly plan: { readonly spec: Pick<ServiceSpec, "limits"> };
}

/** Called for what is over a limit. */
export type OnExcess<T> = (instance: T, resource: "memory" | "processes", current: number, limit: number) => void;

/**
 * Looks more often than once a second at those instances that need it: new ones, of which nothing is known yet, and those
 * that grow towards a limit. A bomb gets no further in between than in a tenth of a second.
 */
export class CloserLook<T extends Limited> {
  readonly #clock: Clock;
  readonly #onExcess: OnExcess<T>;
  readonly #until = new Map<T, number>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(clock: Clock, onExcess: OnExcess<T>) {
    this.#clock = clock;
    this.#onExcess = onExcess;
  }

  /** Looks at an instance for a while, if it has limits that it may pass so fast. */
  at(instance: T): void {
    const { limits } = instance.plan.spec;
    if (limits?.memory_bytes === undefined && limits?.processes === undefined) return;
    if (this.#until.size >= mostAtOnce && !this.#until.has(instance)) return;
    this.#until.set(instance, this.#clock.monotonic() + windowMs);
    this.#timer ??= setInterval(() => this.#turn(), periodMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#until.clear();
  }

  #turn(): void {
    const now = this.#clock.monotonic();
    for (const [instance, until] of this.#until) {
      if (instance.pid === null || until < now) this.#until.delete(instance);
      else this.#look(instance, instance.pid);
    }
    if (this.#until.size === 0) this.stop();
  }

  #look(instance: T, pid: number): void {
    const { limits } = instance.plan.spec;
    const tree = [pid, ...descendantsOf(pid)];
    if (limits?.processes !== undefined && tree.length > limits.processes) {
      this.#onExcess(instance, "processes", tree.length, limits.processes);
    }
    if (limits?.memory_bytes === undefined) return;
    const bytes = tree.reduce((sum, member) => sum + (readStat(member)?.rssPages ?? 0), 0) * pageSize();
    if (bytes > limits.memory_bytes) this.#onExcess(instance, "memory", bytes, limits.memory_bytes);
  }
}

/** Whether what was used a second ago and is used now may be past its limit in another second. */
export function growsTowards(limit: number | undefined, before: number, now: number): boolean {
  return limit !== undefined && now > limit * nearShare && now > before * growth;
}
