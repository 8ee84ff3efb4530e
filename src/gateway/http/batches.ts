export interface Batch {
  /** Encoded, one element each. */
  readonly elements: string[];
  readonly outcome:
    | { readonly type: "open" }
    | { readonly type: "done" }
    | { readonly type: "failed"; readonly error: unknown };
}

/** What was asked of the iterator. */
interface Asked {
  readonly answered: Promise<void>;
  /** Undefined until it has answered. */
  answer: { readonly result: IteratorResult<unknown> } | { readonly error: unknown } | undefined;
}

/** Takes elements from an iterator in handfuls: what is there already goes out together, nothing waits for more. */
export class Batches {
  readonly #iterator: AsyncIterator<unknown>;
  readonly #encode: (element: unknown) => string;
  /** Asked for and not yet taken: a wait that ran out of patience goes on with the next call. */
  #asked: Asked | undefined;

  constructor(iterator: AsyncIterator<unknown>, encode: (element: unknown) => string) {
    this.#iterator = iterator;
    this.#encode = encode;
  }

  /** Waits for the first element without taking it. Throws what the iterator throws. */
  async first(patienceMs: number): Promise<void> {
    const { answer } = await this.#answer(patienceMs);
    if (answer !== undefined && "error" in answer) throw answer.error;
  }

  /** The next elements, up to about `bytes`; none when nothing comes within `patienceMs`. */
  async next(bytes: number, patienceMs: number): Promise<Batch> {
    const elements: string[] = [];
    let size = 0;
    while (size < bytes) {
      const { answer } = await this.#answer(elements.length === 0 ? patienceMs : 0);
      if (answer === undefined) break;
      if ("error" in answer) return { elements, outcome: { type: "failed", error: answer.error } };
      this.#asked = undefined;
      if (answer.result.done) return { elements, outcome: { type: "done" } };
      const element = this.#encode(answer.result.value);
      elements.push(element);
      size += element.length;
    }
    return { elements, outcome: { type: "open" } };
  }

  /** Nobody wants more. Elements that arrive now are dropped, and so is a failure. */
  end(): void {
    this.#iterator.return?.().catch(() => undefined);
  }

  /** What the iterator answered, if it does within the time. With 0, only what is there already counts. */
  async #answer(patienceMs: number): Promise<Asked> {
    this.#asked ??= ask(this.#iterator);
    const asked = this.#asked;
    // To look again costs a tenth of a turn of the event loop, and an element passes through some iterators on its way.
    for (let looked = 0; looked < mostLooks && asked.answer === undefined; looked++) await undefined;
    if (asked.answer === undefined && patienceMs > 0) await withPatience(asked.answered, patienceMs);
    return asked;
  }
}

function ask(iterator: AsyncIterator<unknown>): Asked {
  const answered = iterator.next().then(
    (result) => {
      asked.answer = { result };
    },
    (error: unknown) => {
      asked.answer = { error };
    },
  );
  const asked: Asked = { answered, answer: undefined };
  return asked;
}

/** Waits for a promise, but not longer. */
async function withPatience(promise: Promise<void>, patienceMs: number): Promise<void> {
  const { promise: limit, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMs);
  try {
    await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

const mostLooks = 32;
