import type { Instance } from "../instance.ts";

/** How often each instance was restarted within the window of its restart policy. */
export class RestartRate {
  readonly #known = new Map<string, { restarts: number; times: number[] }>();

  /** @param now monotonic ms */
  count({ id, restarts, plan, adopted }: Instance, now: number): number {
    let known = this.#known.get(id);
    if (known === undefined) {
      // Those that a former kernel made are not known by their times.
      known = { restarts: adopted ? restarts : 0, times: [] };
      this.#known.set(id, known);
    }
    if (known.restarts === restarts && known.times.length === 0) return 0;
    for (; known.restarts < restarts; known.restarts++) known.times.push(now);
    known.restarts = restarts;
    const oldest = now - plan.spec.restart.within_ms;
    while ((known.times[0] ?? now) < oldest) known.times.shift();
    return known.times.length;
  }

  /** Forgets all others. An instance between two processes is not among those that are looked at, and is kept. */
  keep(ids: ReadonlySet<string>): void {
    if (this.#known.size <= ids.size * 2 + keptBetween) return;
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }
}

/** Instances that may be between two processes at a time. */
const keptBetween = 100;
