/**
 * A clock that goes on with every look at it, so that what is timed takes the same time in every run: a disk that is fast,
 * bearable or slow, as the seed will have it.
 */
export function steadyClock(seed: number): () => number {
  const stepMs = [0.01, 0.6, 3][seed % 3] ?? 0;
  let now = 0;
  return () => (now += stepMs);
}
