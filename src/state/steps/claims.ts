import { holdMs } from "./limits.ts";

/**
 * Who is at what right now, and who waits for it. In memory only: the next kernel knows of none. Where that matters, for runs,
 * effects and steps of the service's own run, the owner is in a record as well.
 */
export class Claims {
  readonly #isAlive: (owner: string) => boolean;
  readonly #owners = new Map<string, string>();
  readonly #waiting = new Map<string, Set<() => void>>();

  /** @param isAlive whether the process of an owner runs */
  constructor(isAlive: (owner: string) => boolean) {
    this.#isAlive = isAlive;
  }

  /** False while another living process has it. */
  take(key: string, owner: string): boolean {
    const holder = this.#owners.get(key);
    if (holder !== undefined && holder !== owner && this.#isAlive(holder)) return false;
    this.#owners.set(key, owner);
    return true;
  }

  drop(key: string, owner: string): void {
    if (this.#owners.get(key) === owner) this.#owners.delete(key);
    this.wake(key);
  }

  /** Something happened to what has this key. */
  wake(key: string): void {
    for (const wake of [...(this.#waiting.get(key) ?? [])]) wake();
  }

  /** A process ended: whoever waits for what it was doing looks again. */
  recheck(): void {
    for (const [key, owner] of this.#owners) {
      if (this.#isAlive(owner)) continue;
      this.#owners.delete(key);
      this.wake(key);
    }
    // Effects have their owners in their records, and one of those may be who is gone.
    for (const key of [...this.#waiting.keys()]) this.wake(key);
  }

  /** Resolves when something happened to the key, at the latest after so long. */
  changed(key: string, ms: number = holdMs): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiting);
      const done = () => {
        clearTimeout(timer);
        waiting.delete(done);
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
        resolve();
      };
      const timer = setTimeout(done, ms);
      waiting.add(done);
    });
  }

  /** Lets everyone who waits go on. */
  close(): void {
    for (const key of [...this.#waiting.keys()]) this.wake(key);
  }
}
