import { LiveReads } from "./live-reads.ts";

/** Waits for news of one key. News between {@link reset} and {@link next} count. */
export interface Wakeup {
  /** What all who listen to the key read of it. */
  readonly reads: LiveReads;
  reset(): void;
  /** Resolves at the next news, after `timeoutMs`, or when the signal is aborted. */
  next(timeoutMs: number | undefined): Promise<void>;
  close(): void;
}

interface Listener {
  news: boolean;
  resolve: (() => void) | undefined;
}

interface Listeners {
  readonly all: Set<Listener>;
  readonly reads: LiveReads;
  /** When they were told last, and the timer by which they will be. */
  told: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Tells the followers of a log that it got longer. They read for themselves, so nothing is queued for them. */
export class Wakeups {
  readonly #byKey = new Map<string, Listeners>();

  notify(key: string): void {
    const listeners = this.#byKey.get(key);
    if (listeners === undefined) return;
    listeners.reads.grown();
    const pauseMs = listeners.all.size * pauseForEachMs;
    const now = performance.now();
    if (pauseMs < leastPauseMs || now - listeners.told >= pauseMs) {
      tell(listeners, now);
      return;
    }
    listeners.timer ??= setTimeout(() => tell(listeners, performance.now()), pauseMs - (now - listeners.told));
  }

  /** The log of a key is another one now. */
  renew(key: string): void {
    this.#byKey.get(key)?.reads.clear();
    this.notify(key);
  }

  listen(key: string, signal: AbortSignal | undefined): Wakeup {
    const listener: Listener = { news: false, resolve: undefined };
    const listeners = this.#byKey.get(key) ?? { all: new Set(), reads: new LiveReads(), told: 0, timer: undefined };
    listeners.all.add(listener);
    listeners.reads.isShared = listeners.all.size > 1;
    this.#byKey.set(key, listeners);
    const wake = () => wakeUp(listener);
    signal?.addEventListener("abort", wake);
    return {
      reads: listeners.reads,
      reset() {
        listener.news = signal?.aborted ?? false;
      },
      next: (timeoutMs) => waitFor(listener, timeoutMs),
      close: () => {
        signal?.removeEventListener("abort", wake);
        listeners.all.delete(listener);
        listeners.reads.isShared = listeners.all.size > 1;
        if (listeners.all.size > 0 || this.#byKey.get(key) !== listeners) return;
        clearTimeout(listeners.timer);
        this.#byKey.delete(key);
      },
    };
  }
}

function tell(listeners: Listeners, now: number): void {
  clearTimeout(listeners.timer);
  listeners.timer = undefined;
  listeners.told = now;
  for (const listener of listeners.all) wakeUp(listener);
}

function wakeUp(listener: Listener): void {
  listener.news = true;
  listener.resolve?.();
}

async function waitFor(listener: Listener, timeoutMs: number | undefined): Promise<void> {
  if (listener.news) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  listener.resolve = resolve;
  const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
  await promise;
  clearTimeout(timer);
  listener.resolve = undefined;
}

/** To tell a follower takes some 10 µs of the kernel: a thousand of them are told ten times a second, however busy the log is. */
const pauseForEachMs = 0.1;
/** Fifty are few enough to be told at once. */
const leastPauseMs = 5;
