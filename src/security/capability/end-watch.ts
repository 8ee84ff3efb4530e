import type { LiveCapability } from "./live.ts";

/** Tells those who go on by a capability that it has ended: at once when it is revoked, within a second when it expires. */
export class EndWatch {
  readonly #hasEnded: (live: LiveCapability) => boolean;
  readonly #watchers = new Map<LiveCapability, Set<() => void>>();
  /** Those that somebody watches and that may expire. */
  readonly #expiring = new Set<LiveCapability>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(hasEnded: (live: LiveCapability) => boolean) {
    this.#hasEnded = hasEnded;
  }

  watch(live: LiveCapability, callback: () => void): () => void {
    // A callback may be given twice, for two streams.
    const once = () => callback();
    const watchers = this.#watchers.get(live) ?? new Set();
    this.#watchers.set(live, watchers.add(once));
    if (live.expires !== null) this.#expiring.add(live);
    this.#arrange();
    return () => {
      watchers.delete(once);
      if (watchers.size > 0 || this.#watchers.get(live) !== watchers) return;
      this.#watchers.delete(live);
      this.#expiring.delete(live);
      this.#arrange();
    };
  }

  /** It has ended: everyone who watches it is told. */
  end(live: LiveCapability): void {
    const watchers = [...(this.#watchers.get(live) ?? [])];
    this.#watchers.delete(live);
    this.#expiring.delete(live);
    this.#arrange();
    for (const tell of watchers) tell();
  }

  close(): void {
    this.#expiring.clear();
    this.#arrange();
  }

  #arrange(): void {
    if (this.#expiring.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined) {
      // Not a timeout until the expiry: the clock may jump.
      this.#timer = setInterval(() => this.#look(), lookEveryMs);
      this.#timer.unref();
    }
  }

  #look(): void {
    for (const live of [...this.#expiring]) if (this.#hasEnded(live)) this.end(live);
  }
}

const lookEveryMs = 1_000;
