import { join } from "node:path";
import { z } from "zod";
import { healthDocumentSchema } from "../../src/api/index.ts";
import { freePort, soloEnv } from "../support/index.ts";
import type { Bench } from "./support/bench.ts";
import { solo } from "./support/crowd.ts";
import { cpuMs, residentMb } from "./support/process.ts";
import { askedRow, plainRow, type Row } from "./support/row.ts";
import { seenSchema } from "./support/sse-followers.ts";

const followers = 1_000;
/** Prints lines that wait until it is called to print numbered ones. */
const code = `import { defineService } from "solo";
  const waiting = setInterval(() => console.log("n=wait"), 100);
  export default defineService({
    methods: {
      async go({ lines, perSecond }) {
        clearInterval(waiting);
        const begun = performance.now();
        for (let number = 0; number < lines; ) {
          for (const due = ((performance.now() - begun) / 1_000) * perSecond; number <= due && number < lines; number++) {
            console.log("n=" + number + " t=" + Date.now());
          }
          await Bun.sleep(5);
        }
        console.log("n=end");
      },
    },
  });`;
const granted = z.object({ token: z.string() });

export const followersBench: Bench = {
  name: "followers",
  summary:
    "1,000 connections, of another process on the same two cores, follow the log of one service as server-sent events while it prints 20 and 100 lines a second: each of them looks whether every line came, in order and once. Delays are from the service's print to the follower.",
  peers: [],
  async run({ quick, note }) {
    const port = freePort();
    await using env = soloEnv();
    const settings = {
      SOLO_HTTP_PORT: String(port),
      SOLO_LIMITS_MAX_PER_TENANT: "2000",
      SOLO_LIMITS_MAX_TOTAL: "2000",
      SOLO_SECURITY_RATE_LIMIT_PER_CAPABILITY: "10000",
    };
    (await env.run(["start"], { env: settings })).expect();
    const args = ["capability", "grant", "--resource", "tenant", "--permissions", "logs", "--json"];
    const { token } = (await env.run(args)).expect().json(granted);
    const { pid } = (await env.run(["health", "--json"])).expect().json(healthDocumentSchema);
    const rows: Row[] = [];
    for (const perSecond of quick ? [20] : [20, 100]) {
      note(`${perSecond} lines/s`);
      const name = `busy-${perSecond}`;
      await solo(env, "deploy", env.write(`${name}.ts`, code), name);
      const lines = perSecond * (quick ? 5 : 10);
      const before = { cpuMs: cpuMs(pid), mb: residentMb(pid) };
      const path = `/v1/services/${name}/logs?follow=true&tail=1`;
      const client = Bun.spawn(
        [
          process.execPath,
          join(import.meta.dir, "support/sse-followers.ts"),
          String(port),
          path,
          token,
          String(followers),
        ],
        { stdout: "pipe", stderr: "inherit" },
      );
      const said = linesOf(client.stdout);
      await said.next();
      const begun = { cpuMs: cpuMs(pid), at: performance.now() };
      await solo(env, "call", name, "go", JSON.stringify({ lines, perSecond }), "--timeout", "120s");
      const seen = seenSchema.parse(JSON.parse((await said.next()).value ?? "null"));
      const share = (cpuMs(pid) - begun.cpuMs) / (performance.now() - begun.at);
      const mb = residentMb(pid) - before.mb;
      await client.exited;
      await solo(env, "kill", name);
      const of = `${perSecond} lines/s`;
      const lost = followers * lines - seen.lines + seen.wrong;
      rows.push(
        askedRow(
          { name: `followers that saw all of ${of}`, unit: "followers", better: "higher" },
          lost === 0 ? seen.ended : 0,
          followers,
          1,
        ),
        plainRow({ name: `lines lost, twice or out of order, ${of}`, unit: "lines", better: "lower" }, lost, 1),
        plainRow({ name: `delay, ${of}, p50`, unit: "ms", better: "lower" }, seen.p50Ms, 1),
        plainRow({ name: `delay, ${of}, p99`, unit: "ms", better: "lower" }, seen.p99Ms, 1),
        plainRow({ name: `of the kernel's processor, ${of}`, unit: "% of a core", better: "lower" }, share * 100, 1),
        plainRow({ name: `memory that they take, ${of}`, unit: "MB", better: "lower" }, mb, 1),
      );
    }
    return rows;
  },
};

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + Buffer.from(bytes).toString()).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
