/** Waits for news of one key. News between {@link reset} and {@link next} count. */
export interface Wakeup {
  reset(): void;
  /** Resolves at the next news, after `timeoutMs`, or when the signal is aborted. */
  next(timeoutMs: number | undefined, signal: AbortSignal | undefined): Promise<void>;
  close(): void;
}

interface Listener {
  news: boolean;
  resolve: (() => void) | undefined;
}

/** Tells the followers of a log that it got longer. They read for themselves, so nothing is queued for them. */
export class Wakeups {
  readonly #listeners = new Map<string, Set<Listener>>();

  notify(key: string): void {
    const listeners = this.#listeners.get(key);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      listener.news = true;
      listener.resolve?.();
    }
  }

  listen(key: string): Wakeup {
    const listener: Listener = { news: false, resolve: undefined };
    const listeners = this.#listeners.get(key) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(key, listeners);
    return {
      reset() {
        listener.news = false;
      },
      next: (timeoutMs, signal) => waitFor(listener, timeoutMs, signal),
      close: () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
      },
    };
  }
}

async function waitFor(listener: Listener, timeoutMs: number | undefined, signal: AbortSignal | undefined) {
  if (listener.news || signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  listener.resolve = resolve;
  const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
  const onAbort = () => resolve();
  signal?.addEventListener("abort", onAbort, { once: true });
  await promise;
  signal?.removeEventListener("abort", onAbort);
  clearTimeout(timer);
  listener.resolve = undefined;
}
