import { type Context, defineService } from "solo";

/**
 * A pool of workers that share a queue: `solo deploy examples/pool/pool.ts --replicas 3`. A job is taken by one worker, and is
 * another's when that one dies. `POST /` with JSON adds a job, `GET /` shows what became of all.
 */

/** Between looks at an empty queue. */
const idleMs = 200;

/** A worker that is alive says so more often than this. */
const leaseMs = 5_000;

interface Job {
  readonly input: string;
  readonly state: "waiting" | "taken" | "done";
  readonly worker?: string;
  /** Until when the job is its worker's. */
  readonly until?: number;
  readonly output?: number;
}

export default defineService({
  start(ctx) {
    void work(ctx);
  },
  async fetch(request, ctx) {
    if (request.method === "POST") {
      const id = `job:${String(await ctx.state.increment("jobs")).padStart(9, "0")}`;
      await ctx.state.set(id, { input: await request.text(), state: "waiting" } satisfies Job);
      return Response.json({ id }, { status: 202 });
    }
    const jobs: Record<string, Job> = {};
    for await (const { key, value } of ctx.state.scan<Job>({ prefix: "job:" })) jobs[key] = value;
    return Response.json({ jobs, worker: ctx.instance });
  },
});

async function work(ctx: Context): Promise<void> {
  while (!ctx.signal.aborted) {
    const id = await take(ctx).catch((error: unknown) => ctx.log.error("no job", { error }));
    if (typeof id !== "string") {
      await Bun.sleep(idleMs);
      continue;
    }
    const job = await ctx.state.get<Job>(id);
    const output = await ctx.run(id, (run) => run.step("count", () => countWords(job?.input ?? "")));
    await ctx.state.set(id, { input: job?.input ?? "", state: "done", worker: ctx.instance, output } satisfies Job);
    ctx.log.info("done", { id, output });
  }
}

/** Makes the oldest job that nobody works at this worker's own; two that try at once can't both have it. */
async function take(ctx: Context): Promise<string | undefined> {
  for await (const { key, value, version } of ctx.state.scan<Job>({ prefix: "job:" })) {
    const isFree = value.state === "waiting" || (value.state === "taken" && (value.until ?? 0) < Date.now());
    if (!isFree) continue;
    const taken: Job = { input: value.input, state: "taken", worker: ctx.instance, until: Date.now() + leaseMs };
    try {
      await ctx.state.set(key, taken, { ifVersion: version });
      return key;
    } catch {
      // Another worker was faster.
    }
  }
  return undefined;
}

function countWords(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}
