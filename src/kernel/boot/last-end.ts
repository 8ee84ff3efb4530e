import { z } from "zod";
import type { Paths } from "../../config/index.ts";
import { bootId, type Clock } from "../../system/index.ts";
import type { MetaStore } from "../database/index.ts";
import { readKernelEnd } from "../guardian/index.ts";

/** How the kernel before this one ended. */
export interface LastEnd {
  /** Whether it had stopped everything it had open, and written it down. */
  readonly clean: boolean;
  /** When, as far as it is known: RFC 3339. */
  readonly time: string | null;
  /** In a sentence. */
  readonly reason: string;
}

/** Of a run in kernel.db: `ended` is its last word. */
const runSchema = z.object({
  pid: z.int(),
  boot_id: z.string(),
  started: z.string(),
  ended: z.string().nullable(),
});
const runKey = "kernel_run";

/** Reads how the last kernel of a data directory ended; null on the first start. */
export function readLastEnd(meta: MetaStore, { run }: Pick<Paths, "run">): LastEnd | null {
  const text = meta.get(runKey);
  const last = text === undefined ? undefined : runSchema.safeParse(JSON.parse(text)).data;
  if (last === undefined) return null;
  if (last.ended !== null) return { clean: true, time: last.ended, reason: "it stopped in order" };
  const seen = readKernelEnd(run);
  if (seen?.pid === last.pid) {
    const how = seen.signal === null ? `ended with exit code ${seen.exit_code}` : `was ended by ${seen.signal}`;
    return { clean: false, time: seen.time, reason: `it ${how}` };
  }
  const reason =
    last.boot_id === bootId()
      ? "it ended without having stopped, and nobody saw how: no guardian stood above it, or died with it"
      : "the machine went down while it ran";
  return { clean: false, time: null, reason };
}

/** Notes that a kernel runs; until {@link endRun}, its end counts as unclean. */
export function beginRun(meta: MetaStore, clock: Clock): void {
  const started = new Date(clock.now()).toISOString();
  meta.set(runKey, JSON.stringify({ pid: process.pid, boot_id: bootId(), started, ended: null }));
}

/** The last word of a kernel that has flushed and closed everything else. */
export function endRun(meta: MetaStore, clock: Clock): void {
  const text = meta.get(runKey);
  const run = text === undefined ? undefined : runSchema.safeParse(JSON.parse(text)).data;
  if (run?.pid !== process.pid) return;
  meta.set(runKey, JSON.stringify({ ...run, ended: new Date(clock.now()).toISOString() }));
}

/** The same as an event tells it. */
export function lastEndFacts(end: LastEnd | null): Readonly<Record<string, string>> {
  return end === null ? {} : { last_end: end.clean ? "clean" : "unclean", last_end_reason: end.reason };
}
