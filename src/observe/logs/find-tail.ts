import { setImmediate } from "node:timers/promises";
import type { LineFilter } from "./line-filter.ts";
import { LineJoiner, maxLineBytes } from "./line-joiner.ts";
import { RecordReader } from "./record-reader.ts";

export interface TailScope {
  readonly folder: string;
  /** Nothing before this position is looked at. */
  readonly floor: number;
  readonly end: number;
  readonly accept: LineFilter;
  /** Lines wanted. */
  readonly count: number;
  /** How far before the end they are looked for, in bytes; absent: to the floor. */
  readonly reach?: number | undefined;
  /** Whether unfinished lines at the end count. */
  readonly unfinished: boolean;
}

/** Where to begin reading, and how many accepted lines to pass over from there. */
export interface TailPlace {
  readonly from: number;
  readonly skip: number;
}

/**
 * Finds the last lines of a log by looking at ever larger windows before its end, so that ten lines of a 64 MB log cost
 * one read of {@link firstWindowBytes}.
 */
export async function findTail(scope: TailScope, signal: AbortSignal | undefined): Promise<TailPlace> {
  if (scope.count === 0) return { from: Math.max(scope.floor, scope.end), skip: 0 };
  const lowest = Math.max(scope.floor, scope.end - (scope.reach ?? Number.POSITIVE_INFINITY));
  for (let windowBytes = firstWindowBytes; ; windowBytes *= windowGrowth) {
    const from = Math.max(lowest, scope.end - windowBytes);
    const { accepted, lastCut } = await countLines(scope, from, signal);
    const skip = Math.max(0, accepted - scope.count);
    const enough = accepted >= scope.count && (lastCut < skip || windowBytes > maxLineBytes * 2);
    if (enough || from === lowest || signal?.aborted) return { from, skip };
  }
}

interface Count {
  readonly accepted: number;
  /** Index of the last accepted line whose beginning lies before the window; −1 when there is none. */
  readonly lastCut: number;
}

async function countLines(scope: TailScope, from: number, signal: AbortSignal | undefined): Promise<Count> {
  const reader = new RecordReader(scope.folder, from);
  const joiner = new LineJoiner();
  let accepted = 0;
  let lastCut = -1;
  const count = (line: ReturnType<LineJoiner["add"]>) => {
    if (line === undefined || scope.accept(line) === undefined) return;
    if (!line.whole) lastCut = accepted;
    accepted += 1;
  };
  try {
    if (from > scope.floor) reader.align();
    for (let records = reader.next(); records && !signal?.aborted; records = reader.next()) {
      for (const placed of records) if (placed.start < scope.end) count(joiner.add(placed, 0));
      if (reader.position >= scope.end) break;
      await setImmediate();
    }
    if (scope.unfinished) for (const line of joiner.flush()) count(line);
    return { accepted, lastCut };
  } finally {
    reader.close();
  }
}

const firstWindowBytes = 65_536;
const windowGrowth = 4;
