import { findBoundary } from "./find-boundary.ts";
import { LogReader, type ReadableLog } from "./log-reader.ts";
import { entriesOf, type LogEntry } from "./page.ts";

/** Durable entries from the first at or behind `from` to the last before `to`. */
export async function* scanEntries(log: ReadableLog, from: number, to: number): AsyncGenerator<LogEntry> {
  for await (const entries of scanPages(log, from)) {
    for (const entry of entries) {
      if (entry.address >= to) return;
      yield entry;
    }
  }
}

/** The same page by page, to the durable end. */
export async function* scanPages(log: ReadableLog, from: number): AsyncGenerator<Iterable<LogEntry>> {
  const reader = new LogReader(log, await findBoundary(log, from, "behind"));
  try {
    for (let page = await reader.next(); page !== undefined; page = await reader.next()) yield entriesOf(page);
  } finally {
    reader.close();
  }
}

/**
 * The same without an end.
 * @param onCommit calls back after each commit, until what it returns is called
 * @param isOver whether the log is closed; throws when it failed
 */
export async function* followEntries(
  log: ReadableLog,
  from: number,
  onCommit: (wake: () => void) => () => void,
  isOver: () => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogEntry> {
  let news = Promise.withResolvers<void>();
  const wake = () => news.resolve();
  const forget = onCommit(wake);
  signal?.addEventListener("abort", wake);
  const reader = new LogReader(log, await findBoundary(log, from, "behind"));
  try {
    while (!isAborted(signal)) {
      news = Promise.withResolvers();
      const page = await reader.next();
      if (page === undefined) {
        if (isOver()) return;
        await news.promise;
        continue;
      }
      for (const entry of entriesOf(page)) {
        if (isAborted(signal)) return;
        yield entry;
      }
    }
  } finally {
    forget();
    signal?.removeEventListener("abort", wake);
    reader.close();
  }
}

/** Asked anew each time: it changes while a reader waits. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false;
}
