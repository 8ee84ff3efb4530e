/** What several streams bring, as it comes. Ends with the last of them, or fails with the first that does. */
export async function* merged<Element>(sources: readonly AsyncIterable<Element>[]): AsyncGenerator<Element> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const next = (index: number, iterator: AsyncIterator<Element>) =>
    iterator.next().then((result) => ({ index, iterator, result }));
  const waiting = new Map(iterators.map((iterator, index) => [index, next(index, iterator)]));
  try {
    while (waiting.size > 0) {
      const { index, iterator, result } = await Promise.race(waiting.values());
      if (result.done) {
        waiting.delete(index);
        continue;
      }
      waiting.set(index, next(index, iterator));
      yield result.value;
    }
  } finally {
    for (const promise of waiting.values()) promise.catch(() => undefined);
    for (const iterator of iterators) iterator.return?.().catch(() => undefined);
  }
}
