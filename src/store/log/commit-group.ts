import type { StoreError } from "../error.ts";

/** Those who wait for the same write and sync. They share one promise, made when the first one comes. */
export class CommitGroup {
  waiters = 0;
  #promise: PromiseWithResolvers<void> | undefined;

  wait(): Promise<void> {
    this.waiters++;
    this.#promise ??= Promise.withResolvers<void>();
    return this.#promise.promise;
  }

  resolve(): void {
    this.#promise?.resolve();
  }

  reject(error: StoreError): void {
    this.#promise?.reject(error);
  }
}
