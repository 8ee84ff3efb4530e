import { type Context, defineService, type Run } from "solo";

/**
 * A data pipeline: batches of readings come in, are parsed, checked and added up by sensor. A batch counts once: it is on disk
 * when it is accepted, and killed at any moment, the pipeline goes on behind the last stage that was done.
 *
 *   solo deploy examples/pipeline/pipeline.ts
 *   curl http://pipeline.localhost:8000/ -d 'roof 21.5
 *   cellar 12'
 */

/** Between looks for new batches. */
const idleMs = 100;

interface Reading {
  readonly sensor: string;
  readonly value: number;
}

interface Total {
  readonly count: number;
  readonly sum: number;
  /** The batch that was added last. */
  readonly batch: string;
}

export default defineService({
  start(ctx) {
    void consume(ctx);
  },
  async fetch(request, ctx) {
    if (request.method === "POST") {
      const batch = `batch:${crypto.randomUUID()}`;
      await ctx.state.set(batch, await request.text());
      return Response.json({ batch }, { status: 202 });
    }
    const totals: Record<string, Total> = {};
    for await (const { key, value } of ctx.state.scan<Total>({ prefix: "total:" })) totals[key.slice(6)] = value;
    return Response.json(totals);
  },
});

async function consume(ctx: Context): Promise<void> {
  while (!ctx.signal.aborted) {
    for await (const { key: batch, value } of ctx.state.scan<string>({ prefix: "batch:" })) {
      await ctx
        .run(batch, (run) => stages(ctx, run, value))
        .then(() => ctx.state.delete(batch))
        .catch((error: unknown) => ctx.log.error("a batch waits", { batch, error }));
    }
    await Bun.sleep(idleMs);
  }
}

async function stages(ctx: Context, run: Run, text: string): Promise<number> {
  const parsed = await run.step("parse", () => text.split("\n").map(parse));
  const readings = await run.step("check", () => parsed.filter((reading) => reading !== null));
  for (const [index, { sensor, value }] of readings.entries()) {
    // The total and the fact that this reading is in it are one write, so that it is never added twice.
    await run.step(`add-${index}`, () =>
      ctx.state.update<Total>(`total:${sensor}`, (total = { count: 0, sum: 0, batch: "" }) => {
        const batch = `${run.id}/${index}`;
        return total.batch === batch ? total : { count: total.count + 1, sum: total.sum + value, batch };
      }),
    );
  }
  ctx.log.info("added", { batch: run.id, readings: readings.length });
  return readings.length;
}

function parse(line: string): Reading | null {
  const [sensor = "", value = ""] = line.trim().split(/\s+/);
  return sensor !== "" && value !== "" && Number.isFinite(Number(value)) ? { sensor, value: Number(value) } : null;
}
