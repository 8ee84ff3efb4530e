import { parseDuration } from "../../src/api/units.ts";
import { type Result, showProgram } from "./run.ts";

/** Beyond its own duration, in milliseconds: for the last cycle, on a machine that is busy. */
const graceMs = 10 * 60_000;

/** The store under a mixed load, for 10 seconds or as long as is said: `bin/test soak 1h`. */
export async function runSoak([duration = "10s"]: readonly string[]): Promise<Result> {
  const deadlineMs = (parseDuration(duration) ?? 0) + graceMs;
  const code = await showProgram(["node_modules/.bin/bun", "test/soak/main.ts", duration], deadlineMs);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}
