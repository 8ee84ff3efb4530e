import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { z } from "zod";
import { freePort, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";

/** Traces and metrics, as an OTLP collector gets them: each document in the form that opentelemetry-proto's JSON has. */

setDefaultTimeout(60_000);

const value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ doubleValue: z.number() }),
]);
const attributes = z.array(z.strictObject({ key: z.string().min(1), value }));
const nano = z.string().regex(/^\d{19}$/);
const spanSchema = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  name: z.string().min(1),
  kind: z.literal([1, 2, 3]),
  startTimeUnixNano: nano,
  endTimeUnixNano: nano,
  attributes,
  status: z.strictObject({ code: z.literal([1, 2]), message: z.string().optional() }),
});
const scope = z.strictObject({ name: z.literal("solo") });
const resource = z.strictObject({ attributes });
const tracesSchema = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({ resource, scopeSpans: z.array(z.strictObject({ scope, spans: z.array(spanSchema) })) }),
  ),
});
const stretch = { attributes, startTimeUnixNano: nano, timeUnixNano: nano };
const numbers = z.array(z.strictObject({ ...stretch, asDouble: z.number() }));
const tally = { ...stretch, count: z.string().regex(/^\d+$/), sum: z.number() };
const histogram = z.strictObject({
  ...tally,
  bucketCounts: z.array(z.string().regex(/^\d+$/)),
  explicitBounds: z.array(z.number()),
});
const head = { name: z.string(), description: z.string(), unit: z.enum(["s", "By", "1"]) };
const aggregationTemporality = z.literal(2);
const metricSchema = z.union([
  z.strictObject({ ...head, gauge: z.strictObject({ dataPoints: numbers }) }),
  z.strictObject({
    ...head,
    sum: z.strictObject({ dataPoints: numbers, aggregationTemporality, isMonotonic: z.literal(true) }),
  }),
  z.strictObject({
    ...head,
    histogram: z.strictObject({ dataPoints: z.array(histogram), aggregationTemporality }),
  }),
  z.strictObject({ ...head, summary: z.strictObject({ dataPoints: z.array(z.strictObject(tally)) }) }),
]);
const metricsSchema = z.strictObject({
  resourceMetrics: z.array(
    z.strictObject({ resource, scopeMetrics: z.array(z.strictObject({ scope, metrics: z.array(metricSchema) })) }),
  ),
});

const spans: z.infer<typeof spanSchema>[] = [];
const metrics: z.infer<typeof metricSchema>[] = [];
const problems: unknown[] = [];
const collector = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async (request) => {
    const document: unknown = await request.json();
    try {
      if (request.headers.get("content-type") !== "application/json") throw new Error("another content type");
      if (new URL(request.url).pathname === "/v1/traces") {
        const { resourceSpans } = tracesSchema.parse(document);
        spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((each) => each.spans)));
      } else {
        const { resourceMetrics } = metricsSchema.parse(document);
        metrics.push(...resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((each) => each.metrics)));
      }
    } catch (error) {
      problems.push(error);
    }
    return Response.json({});
  },
});

let env: SoloEnv;
beforeAll(async () => {
  env = soloEnv();
  env.write(
    "front.ts",
    `import { defineService } from "solo";
    export default defineService({
      start: (ctx) => ctx.run("set-up", (run) => run.step("warm", () => 1)),
      fetch: async (request, ctx) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/order") await ctx.run(crypto.randomUUID(), async (run) => {
          await run.step("plan", () => ctx.call("back", "twice", 1));
          await run.effect("charge", () => { throw new Error("declined") }).catch(() => undefined);
        });
        else await ctx.call("back", "twice", 1);
        return new Response(request.headers.get("traceparent"));
      },
    });`,
  );
  env.write(
    "back.ts",
    `import { defineService } from "solo";
    export default defineService({ methods: {
      twice: (n, ctx) => ctx.call("last", "add", n),
      keep: (n, ctx) => ctx.run("kept-" + n, (run) => run.step("keep", () => n)),
    } });`,
  );
  env.write(
    "last.ts",
    `import { defineService } from "solo";
    export default defineService({ methods: { add: (n) => n + n } });`,
  );
  env.write(
    "solo.toml",
    `[service.front]\nsource = "front.ts"\nallow = { call = ["back"] }
[service.back]\nsource = "back.ts"\nallow = { call = ["last"] }
[service.last]\nsource = "last.ts"\n`,
  );
  const endpoint = { SOLO_TELEMETRY_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}/` };
  (await env.run(["start"], { env: endpoint })).expect();
  (await env.run(["deploy", "-f", "solo.toml"])).expect();
});
afterAll(async () => {
  await env[Symbol.asyncDispose]();
  await collector.stop(true);
});

function spanOf(name: string, traceId?: string) {
  const found = () => spans.find((span) => span.name === name && (traceId ?? span.traceId) === span.traceId);
  return waitFor(found, { what: `the span ${name}`, deadlineMs: 20_000 });
}

test("a request's trace goes through the ingress, the service and the calls that it makes", async () => {
  const seen = await (await env.fetch("front", "/a?secret=1")).text();
  const [, traceId = "", spanId = ""] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(seen) ?? [];
  const request = await spanOf("GET", traceId);
  expect(request).toMatchObject({ spanId, kind: 2, status: { code: 1 } });
  expect(request.attributes).toContainEqual({ key: "url.path", value: { stringValue: "/a" } });
  expect(request.attributes).toContainEqual({ key: "http.response.status_code", value: { intValue: "200" } });
  const call = await spanOf("back.twice", traceId);
  expect(call).toMatchObject({ parentSpanId: spanId, kind: 3 });
  expect(await spanOf("last.add", traceId)).toMatchObject({ parentSpanId: call.spanId });
});

test("a trace that a client began goes on", async () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const seen = await (await env.fetch("front", "/", { headers: { traceparent } })).text();
  expect(seen).toBe(traceparent);
  expect(await spanOf("GET", traceId)).toMatchObject({ parentSpanId: "00f067aa0ba902b7" });
  expect(await spanOf("back.twice", traceId)).toMatchObject({ parentSpanId: "00f067aa0ba902b7" });
});

test("steps and effects are a part of the request or the call that they are done for, and what they call of them", async () => {
  const seen = await (await env.fetch("front", "/order")).text();
  const [, traceId = "", spanId = ""] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(seen) ?? [];
  const plan = await spanOf("step plan", traceId);
  expect(plan).toMatchObject({ parentSpanId: spanId, kind: 1, status: { code: 1 } });
  expect(plan.attributes).toContainEqual({ key: "solo.step", value: { stringValue: "plan" } });
  expect(plan.attributes).toContainEqual({ key: "solo.service", value: { stringValue: "default/front" } });
  const call = await spanOf("back.twice", traceId);
  expect(call).toMatchObject({ parentSpanId: plan.spanId });
  expect(await spanOf("last.add", traceId)).toMatchObject({ parentSpanId: call.spanId });
  const charge = await spanOf("effect charge", traceId);
  expect(charge).toMatchObject({ parentSpanId: spanId, status: { code: 2, message: "declined" } });

  (await env.run(["call", "back", "keep", "1"])).expect();
  const keep = await spanOf("step keep");
  expect(keep).toMatchObject({ parentSpanId: (await spanOf("back.keep", keep.traceId)).spanId });
  // What was kept is only read.
  (await env.run(["call", "back", "keep", "1"])).expect();
  await waitFor(() => spans.filter(({ name }) => name === "back.keep").length === 2, {
    what: "the second call",
    deadlineMs: 20_000,
  });
  expect(spans.filter(({ name }) => name === "step keep")).toHaveLength(1);
});

test("steps that nobody asked for are in the trace of their run", async () => {
  const warm = await spanOf("step warm");
  expect(warm).toMatchObject({ kind: 1, status: { code: 1 } });
  expect(warm.parentSpanId).toBeUndefined();
  expect(warm.attributes).toContainEqual({ key: "solo.run", value: { stringValue: "set-up" } });
});

test("operations have spans, those that failed with the reason", async () => {
  expect((await env.run(["status", "nobody"])).code).toBe(5);
  const status = await waitFor(() => spans.find(({ name, status: { code } }) => name === "solo.status" && code === 2), {
    what: "the span of the failure",
    deadlineMs: 20_000,
  });
  expect(status.status.message).toContain("nobody");
  expect(await spanOf("solo.deploy")).toMatchObject({ kind: 2, status: { code: 1 } });
});

test("metrics are sent too, at the latest when the kernel stops, and every document had its form", async () => {
  (await env.run(["stop", "--yes"])).expect();
  const names = metrics.map(({ name }) => name);
  for (const name of [
    "process_cpu_seconds_total",
    "solo_calls_total",
    "solo_call_duration_seconds",
    "solo_deployment",
  ]) {
    expect(names).toContain(name);
  }
  expect(problems).toEqual([]);
});

test("an endpoint that takes nothing holds nobody up; what is lost is counted", async () => {
  await using its = soloEnv();
  const nowhere = { SOLO_TELEMETRY_OTLP_ENDPOINT: `http://127.0.0.1:${freePort()}` };
  (await its.run(["start"], { env: nowhere })).expect();
  (await its.run(["list"])).expect();
  const dropped = async () => {
    const { families } = JSON.parse((await its.run(["metrics", "--all-tenants", "--json"])).expect().stdout);
    return families.some(({ name }: { name: string }) => name === "solo_telemetry_dropped_total");
  };
  expect(await waitFor(dropped, { what: "spans to be dropped", deadlineMs: 20_000 })).toBe(true);
  (await its.run(["stop", "--yes"])).expect();
});
