import { StoreError } from "../error.ts";
import { LogReader, type ReadableLog } from "./log-reader.ts";

/** What a walk over all durable entries found. */
export interface LogCheck {
  readonly ok: boolean;
  /** Good entries up to the first problem. */
  readonly entries: number;
  readonly bytes: number;
  /** Up to here everything is as it was written. */
  readonly verifiedTo: number;
  /** What is wrong behind that; `null` when nothing is. */
  readonly problem: string | null;
}

/** Reads every durable entry, and stops at the first that isn't as it was written. */
export async function verifyEntries(log: ReadableLog): Promise<LogCheck> {
  const begin = log.begin();
  const reader = new LogReader(log, begin);
  let problem: string | null = null;
  try {
    while ((await reader.next()) !== undefined);
  } catch (error) {
    const failure = StoreError.fromFile("reading the log", error);
    if (failure.code !== "corrupt") throw failure;
    problem = failure.message;
  } finally {
    reader.close();
  }
  const { address, sequence } = reader.position;
  return {
    ok: problem === null,
    entries: sequence - begin.sequence,
    bytes: address - begin.address,
    verifiedTo: address,
    problem,
  };
}
