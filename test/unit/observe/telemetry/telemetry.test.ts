import { expect, test } from "bun:test";
import fc from "fast-check";
import { metricsDocumentSchema } from "../../../../src/api/index.ts";
import {
  newSpan,
  OtlpExporter,
  parseTraceparent,
  type Span,
  traceparentOf,
} from "../../../../src/observe/telemetry/index.ts";

test("a traceparent comes back as it was", () => {
  const context = newSpan();
  expect(parseTraceparent(traceparentOf(context))).toEqual(context);
  expect(newSpan(context)).toMatchObject({ traceId: context.traceId });
  expect(newSpan(context).spanId).not.toBe(context.spanId);
});

test.each([
  "",
  "00",
  "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
  "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
  "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
])("%j is none", (text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});

test("any text is read without harm", () => {
  fc.assert(fc.property(fc.string(), (text) => parseTraceparent(text) === undefined || text.length >= 55));
});

function exporterTo(endpoint: string) {
  const told = { exported: 0, queue_full: 0, not_taken: 0, said: [] as string[] };
  const exporter = new OtlpExporter({
    endpoint,
    resource: { "service.name": "solo" },
    metrics: async () => metricsDocumentSchema.parse({ families: [], series: 0, dropped: 0 }),
    onExported: (count) => {
      told.exported += count;
    },
    onDropped: (count, reason) => {
      told[reason] += count;
    },
    say: (_, message) => told.said.push(message),
  });
  return { exporter, told };
}

const span = (): Span => ({
  context: newSpan(),
  name: "test",
  kind: "internal",
  start: 1,
  end: 2,
  attributes: {},
  error: null,
});

test("what waits is bounded, what is beyond is dropped and counted, and adding never waits", async () => {
  const { promise: hold, resolve: release } = Promise.withResolvers<void>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async () => {
      await hold;
      return new Response("{}");
    },
  });
  const { exporter, told } = exporterTo(`http://127.0.0.1:${server.port}`);
  for (let index = 0; index < 6_000; index++) exporter.add(span());
  // The first batch is on its way: 512 of them no longer wait.
  expect(told.queue_full).toBe(6_000 - 512 - 4_096);
  release();
  await exporter.close();
  expect(told).toMatchObject({ exported: 512 + 4_096, not_taken: 0, said: [] });
  await server.stop(true);
});

test("an endpoint that refuses is told of once, and again when it takes", async () => {
  let status = 503;
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("{}", { status }) });
  const { exporter, told } = exporterTo(`http://127.0.0.1:${server.port}/`);
  for (let round = 0; round < 2; round++) {
    exporter.add(span());
    await exporter.flush();
  }
  expect(told).toMatchObject({ not_taken: 2, said: [expect.stringContaining("it answers 503")] });
  status = 200;
  exporter.add(span());
  await exporter.close();
  expect(told).toMatchObject({ exported: 1, said: [expect.anything(), expect.stringContaining("takes again")] });
  await server.stop(true);
});
