/**
 * Work that is hastened when it takes too long.
 * @param hasten called once after `limitMs` if the work is not done; what it does must bring the work to its end
 */
export async function inTime<Result>(work: Promise<Result>, limitMs: number, hasten: () => void): Promise<Result> {
  const timer = setTimeout(hasten, limitMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
