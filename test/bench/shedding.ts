import { join } from "node:path";
import { ownerKeyHeader, ownerKeyPath, SoloError } from "../../src/api/index.ts";
import { Slots } from "../../src/traffic/admission/index.ts";
import { type Consumer, Mailbox, type Message } from "../../src/traffic/mailbox/index.ts";
import { Daemon, waitFor } from "../support/index.ts";
import type { Bench } from "./support/bench.ts";
import { askedRow, peerRow, plainRow, type Row } from "./support/row.ts";
import { median, percentile } from "./support/statistics.ts";

const wantedPerSecond = 50_000;
const limits = { perTenant: 100, total: 1_000 };
/** Keep-alive connections that flood, each with one request at a time. */
const floodConnections = 32;

export const shedding: Bench = {
  name: "shedding",
  summary:
    "A tenant that has its 100 requests in flight goes on asking, and each is refused. In process: the admission alone, and how long calls of another tenant take through admission and mailbox while 50,000 requests a second are refused, beside the same without refusals. Over HTTP: `POST …/call` on the owner's socket, with the client on the same cores; and the calls of another tenant while 2,000 a second are refused.",
  peers: [],
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
  await using daemon = await Daemon.start();
  const code = `import { defineService } from "solo";
    export default defineService({ methods: { wait: () => Bun.sleep(600_000), hi: () => "hi" } });`;
  const services = [{ name: "one", spec: daemon.marked(daemon.module("one.ts", code)) }];
  for (const tenant of ["flood", "calm"]) {
    for await (const _ of daemon.client.deploy({ tenant, services }));
  }
  const held = new AbortController();
  const wait = { tenant: "flood", name: "one", method: "wait", timeout_ms: 600_000 };
  for (let count = 0; count < limits.perTenant; count++) {
    daemon.client.call(wait, held.signal).catch(() => undefined);
  }
  await waitFor(
    async () => (await daemon.client.status({ tenant: "flood", name: "one" })).mailbox?.in_flight === limits.perTenant,
    { what: "a full tenant" },
  );
  const [perSecond, calm, flooded]: [number[], number[], number[]] = [[], [], []];
  const call = async () => void (await daemon.client.call({ tenant: "calm", name: "one", method: "hi" }));
  for (let run = 0; run < runs; run++) {
    calm.push(await p99Of(call, ms));
    const flood = new Flood(daemon.env.dataDir);
    await Promise.all([flood.run(ms, Number.POSITIVE_INFINITY), Bun.sleep(ms)]);
    perSecond.push(flood.refused / (ms / 1_000));
    const steady = new Flood(daemon.env.dataDir);
    const [p99] = await Promise.all([p99Of(call, ms), steady.run(ms, 2_000)]);
    flooded.push(p99);
  }
  held.abort();
  return [
    plainRow(
      { name: "refusals over HTTP, a client on the same cores", unit: "refusals/s", better: "higher" },
      median(perSecond),
      runs,
    ),
    peerRow({ name: "p99 of calls beside 2,000 refusals/s over HTTP", unit: "ms", better: "lower" }, flooded, {
      name: "without refusals",
      values: calm,
    }),
  ];
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

/** Connections to a kernel's socket that ask for the same call again and again. */
class Flood {
  refused = 0;
  readonly #request: Promise<string>;
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = join(dataDir, "solo.sock");
    this.#request = requestTo(this.#path);
  }

  /** @param perSecond of all connections together */
  async run(ms: number, perSecond: number): Promise<void> {
    const request = await this.#request;
    const started = performance.now();
    const hasTime = () => performance.now() - started < ms;
    const pauseMs = (floodConnections / perSecond) * 1_000;
    const again = (socket: { write(text: string): number; end(): void }) => {
      if (!hasTime()) socket.end();
      else if (pauseMs > 1) setTimeout(() => socket.write(request), pauseMs);
      else socket.write(request);
    };
    const closed = Array.from({ length: floodConnections }, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      await Bun.connect({
        unix: this.#path,
        socket: {
          open: (socket) => void socket.write(request),
          data: (socket, bytes) => {
            if (!bytes.includes("HTTP/1.1 429")) return;
            this.refused += 1;
            again(socket);
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

async function requestTo(socketPath: string): Promise<string> {
  const key = (await Bun.file(ownerKeyPath(socketPath)).text()).trim();
  const body = JSON.stringify({ tenant: "flood", method: "hi" });
  const head = [
    "POST /v1/services/one/call HTTP/1.1",
    "Host: localhost",
    `${ownerKeyHeader}: ${key}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
