/**
 * A stream whose opening waits until somebody iterates, and fails there: a refusal comes from the iterator, as it does from
 * a kernel in another process, and never from the call.
 */
export function lazily<T>(open: () => AsyncIterable<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => {
      try {
        return open()[Symbol.asyncIterator]();
      } catch (error) {
        return { next: () => Promise.reject(error) };
      }
    },
  };
}
