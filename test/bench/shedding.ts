import { join } from "node:path";
import { z } from "zod";
import { SoloError } from "../../src/api/index.ts";
import { createClient, socketTransport } from "../../src/client/index.ts";
import { Slots } from "../../src/traffic/admission/index.ts";
import { type Consumer, Mailbox, type Message } from "../../src/traffic/mailbox/index.ts";
import { freePort, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";
import { bareServer } from "./support/bare-server.ts";
import type { Bench } from "./support/bench.ts";
import { solo } from "./support/crowd.ts";
import { askedRow, peerRow, type Row } from "./support/row.ts";
import { median, percentile } from "./support/statistics.ts";
import { runWrk } from "./support/wrk.ts";

const wantedPerSecond = 50_000;
const limits = { perTenant: 100, total: 1_000 };
/** Keep-alive connections that flood, each with one request at a time. */
const floodConnections = 32;
/** As clients that don't wait for an answer before they ask again send them. */
const pipelinedRequests = 16;

export const shedding: Bench = {
  name: "shedding",
  summary:
    "A tenant that has its 100 requests in flight goes on asking, and each is refused. In process: the admission alone, and how long calls of another tenant take through admission and mailbox while 50,000 requests a second are refused, beside the same without refusals. Over HTTP: `POST …/call` with a token on 32 connections, wrk with one thread on the same cores; beside it a Bun.serve that does nothing but answer 429. And the calls of another tenant while 2,000 a second are refused.",
  peers: ["wrk"],
  async run({ quick, note }) {
    const runs = quick ? 1 : 5;
    note("in process");
    const refused: number[] = [];
    const [calm, flooded]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      refused.push(refusalsPerSecond(quick ? 200 : 500));
      calm.push(await callsP99(quick ? 500 : 2_000, 0));
      flooded.push(await callsP99(quick ? 500 : 2_000, wantedPerSecond));
    }
    note("over HTTP");
    const rows: Row[] = [
      askedRow(
        { name: "refusals, in process", unit: "refusals/s", better: "higher" },
        median(refused),
        wantedPerSecond,
        runs,
      ),
      peerRow({ name: "p99 of calls beside 50,000 refusals/s, in process", unit: "ms", better: "lower" }, flooded, {
        name: "without refusals",
        values: calm,
      }),
    ];
    return [...rows, ...(await overHttp(runs, quick ? 500 : 1_500))];
  },
};

function refusalsPerSecond(ms: number): number {
  const slots = full();
  const started = performance.now();
  let refused = 0;
  while (performance.now() - started < ms) {
    for (let count = 0; count < 100; count++) refused += refuse(slots);
  }
  return refused / ((performance.now() - started) / 1_000);
}

function full(): Slots {
  const slots = new Slots("requests", limits);
  for (let count = 0; count < limits.perTenant; count++) slots.take("flood");
  return slots;
}

function refuse(slots: Slots): 0 | 1 {
  try {
    slots.take("flood");
    return 0;
  } catch (error) {
    if (error instanceof SoloError && error.code === "limit_exceeded") return 1;
    throw error;
  }
}

/** A call each millisecond, through admission and mailbox to a consumer that answers in the next turn of the event loop. */
async function callsP99(ms: number, refusalsPerSecond: number): Promise<number> {
  const slots = full();
  const mailbox = new Mailbox<Consumer>({
    name: "calm",
    clock: { monotonic: () => performance.now() },
    limit: () => 10_000,
    consumers: () => [{ id: "one", room: 1_000 }],
  });
  const took: number[] = [];
  const started = performance.now();
  let refused = 0;
  const flood = setInterval(() => {
    const due = ((performance.now() - started) / 1_000) * refusalsPerSecond;
    while (refused < due) refused += refuse(slots);
  }, 1);
  for (let now = started; now - started < ms; now = performance.now()) {
    const begun = performance.now();
    const lease = slots.take("calm");
    await delivered(mailbox);
    lease.release();
    took.push(performance.now() - begun);
    await Bun.sleep(1);
  }
  clearInterval(flood);
  return percentile(took, 99);
}

function delivered(mailbox: Mailbox<Consumer>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const message: Message<Consumer> = {
    sender: "calm",
    deadline: performance.now() + 1_000,
    deliver: () => {
      setImmediate(resolve);
      return promise;
    },
    drop: () => reject(new Error("it was dropped")),
  };
  mailbox.put(message);
  return promise;
}

async function overHttp(runs: number, ms: number): Promise<Row[]> {
  const port = freePort();
  await using env = soloEnv();
  const settings = { SOLO_HTTP_PORT: String(port), SOLO_SECURITY_RATE_LIMIT_PER_CAPABILITY: "1000000" };
  (await env.run(["start"], { env: settings })).expect();
  const client = createClient(socketTransport(join(env.dataDir, "solo.sock")), "a benchmark");
  const code = `import { defineService } from "solo";
    export default defineService({ methods: { wait: () => Bun.sleep(600_000), hi: () => "hi" } });`;
  const module = env.write("one.ts", code);
  for (const tenant of ["flood", "calm"]) await solo(env, "deploy", module, "one", "--tenant", tenant);
  const held = new AbortController();
  const wait = { tenant: "flood", name: "one", method: "wait", timeout_ms: 600_000 };
  for (let count = 0; count < limits.perTenant; count++) client.call(wait, held.signal).catch(() => undefined);
  await waitFor(
    async () => (await client.status({ tenant: "flood", name: "one" })).mailbox?.in_flight === limits.perTenant,
    { what: "a full tenant" },
  );
  const args = ["capability", "grant", "--tenant", "flood", "--resource", "tenant", "--permissions", "call", "--json"];
  const { token } = (await env.run(args)).expect().json(z.object({ token: z.string() }));
  const flood = floodOf(env, port, token);
  await using bare = await bareServer(429, 600);
  const [single, pipelined, calm, flooded]: [number[], number[], number[], number[]] = [[], [], [], []];
  const [bareSingle, barePipelined]: [number[], number[]] = [[], []];
  const call = async () => void (await client.call({ tenant: "calm", name: "one", method: "hi" }));
  const seconds = Math.max(1, Math.round(ms / 1_000));
  // Code that runs often is compiled better.
  for (const script of [flood.single, flood.pipelined])
    await runWrk(flood.url, floodConnections, 2, { script, refused: true });
  for (let run = 0; run < runs; run++) {
    for (const [script, refusals, floor] of [
      [flood.single, single, bareSingle],
      [flood.pipelined, pipelined, barePipelined],
    ] as const) {
      refusals.push(await rateOf(flood.url, script, seconds));
      floor.push(await rateOf(bare.url, script, seconds));
    }
    calm.push(await p99Of(call, ms));
    const steady = new Flood(port, flood.request);
    const [p99] = await Promise.all([p99Of(call, ms), steady.run(ms, 2_000)]);
    flooded.push(p99);
  }
  held.abort();
  const http = { unit: "refusals/s", better: "higher" } as const;
  const beside = "Bun.serve, a constant";
  return [
    askedRow(
      { name: `refusals over HTTP, ${pipelinedRequests} at a time on each connection`, ...http },
      median(pipelined),
      wantedPerSecond,
      runs,
    ),
    peerRow({ name: "the same", ...http }, pipelined, { name: beside, values: barePipelined }),
    peerRow({ name: "refusals over HTTP, one at a time on each connection", ...http }, single, {
      name: beside,
      values: bareSingle,
    }),
    peerRow({ name: "p99 of calls beside 2,000 refusals/s over HTTP", unit: "ms", better: "lower" }, flooded, {
      name: "without refusals",
      values: calm,
    }),
  ];
}

async function rateOf(url: string, script: string, seconds: number): Promise<number> {
  return (await runWrk(url, floodConnections, seconds, { script, refused: true })).requestsPerSecond;
}

/** The call that is refused: as bytes, and as programs of wrk that send one or several of them at a time. */
function floodOf(env: SoloEnv, port: number, token: string) {
  const path = "/v1/services/one/call";
  const body = JSON.stringify({ tenant: "flood", method: "hi" });
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const fields = Object.entries(headers).map(([name, value]) => `["${name}"] = "${value}"`);
  const script = (count: number) =>
    env.write(
      `flood-${count}.lua`,
      `local all
      init = function()
        local requests = {}
        for index = 1, ${count} do requests[index] = wrk.format("POST", "${path}", { ${fields.join(", ")} }, '${body}') end
        all = table.concat(requests)
      end
      request = function() return all end`,
    );
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: localhost",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${body.length}`,
  ];
  return {
    url: `http://127.0.0.1:${port}${path}`,
    request: `${head.join("\r\n")}\r\n\r\n${body}`,
    single: script(1),
    pipelined: script(pipelinedRequests),
  };
}

async function p99Of(act: () => Promise<void>, ms: number): Promise<number> {
  const took: number[] = [];
  const started = performance.now();
  for (let begun = started; begun - started < ms; begun = performance.now()) {
    await act();
    took.push(performance.now() - begun);
    await Bun.sleep(2);
  }
  return percentile(took, 99);
}

/** Connections to a kernel that ask for the same call again and again. */
class Flood {
  readonly #port: number;
  readonly #request: string;

  constructor(port: number, request: string) {
    this.#port = port;
    this.#request = request;
  }

  /** @param perSecond of all connections together */
  async run(ms: number, perSecond: number): Promise<void> {
    const started = performance.now();
    const hasTime = () => performance.now() - started < ms;
    const pauseMs = (floodConnections / perSecond) * 1_000;
    const closed = Array.from({ length: floodConnections }, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      await Bun.connect({
        hostname: "127.0.0.1",
        port: this.#port,
        socket: {
          open: (socket) => void socket.write(this.#request),
          data: (socket, bytes) => {
            if (!bytes.includes("HTTP/1.1 429")) return;
            if (hasTime()) setTimeout(() => socket.write(this.#request), pauseMs);
            else socket.end();
          },
          close: () => resolve(),
          error: () => resolve(),
        },
      });
      return promise;
    });
    await Promise.all(closed);
  }
}
