export interface Batch {
  /** Encoded, one element each. */
  readonly elements: string[];
  readonly outcome:
    | { readonly type: "open" }
    | { readonly type: "done" }
    | { readonly type: "failed"; readonly error: unknown };
}

/** Takes elements from an iterator in handfuls: what is there already goes out together, nothing waits for more. */
export class Batches {
  readonly #iterator: AsyncIterator<unknown>;
  readonly #encode: (element: unknown) => string;
  /** Asked for and not yet taken: a wait that ran out of patience goes on with the next call. */
  #pending: Promise<IteratorResult<unknown>> | undefined;

  constructor(iterator: AsyncIterator<unknown>, encode: (element: unknown) => string) {
    this.#iterator = iterator;
    this.#encode = encode;
  }

  /** Waits for the first element without taking it. Throws what the iterator throws. */
  async first(patienceMs: number): Promise<void> {
    await withPatience(this.#ask(), patienceMs);
  }

  /** The next elements, up to about `bytes`; none when nothing comes within `patienceMs`. */
  async next(bytes: number, patienceMs: number): Promise<Batch> {
    const elements: string[] = [];
    let size = 0;
    try {
      while (size < bytes) {
        const result = await withPatience(this.#ask(), elements.length === 0 ? patienceMs : 0);
        if (result === undefined) break;
        this.#pending = undefined;
        if (result.done) return { elements, outcome: { type: "done" } };
        const element = this.#encode(result.value);
        elements.push(element);
        size += element.length;
      }
      return { elements, outcome: { type: "open" } };
    } catch (error) {
      return { elements, outcome: { type: "failed", error } };
    }
  }

  /** Nobody wants more. Elements that arrive now are dropped, and so is a failure. */
  end(): void {
    this.#pending?.catch(() => undefined);
    this.#iterator.return?.().catch(() => undefined);
  }

  #ask(): Promise<IteratorResult<unknown>> {
    this.#pending ??= this.#iterator.next();
    return this.#pending;
  }
}

/** The promise's value, or `undefined` when it takes longer. With 0, only what is there already counts. */
async function withPatience<T>(promise: Promise<T>, patienceMs: number): Promise<T | undefined> {
  let cancel = () => {};
  const limit = new Promise<undefined>((resolve) => {
    if (patienceMs === 0) {
      const immediate = setImmediate(() => resolve(undefined));
      cancel = () => clearImmediate(immediate);
    } else {
      const timer = setTimeout(() => resolve(undefined), patienceMs);
      cancel = () => clearTimeout(timer);
    }
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    cancel();
  }
}
