import { create, toBinary } from "@bufbuild/protobuf";
import { z } from "zod";
import { healthDocumentSchema } from "../../src/api/index.ts";
import { ListRequestSchema, StatusRequestSchema } from "../../src/api/proto/solo/v1/solo.gen.ts";
import { freePort, soloEnv } from "../support/index.ts";
import type { Bench } from "./support/bench.ts";
import { solo } from "./support/crowd.ts";
import { runH2load } from "./support/h2load.ts";
import { cpuMs } from "./support/process.ts";
import { askedRow, plainRow } from "./support/row.ts";
import { median } from "./support/statistics.ts";

const wantedPerSecond = 10_000;
const granted = z.object({ token: z.string() });
const module = "export default { fetch: () => new Response('hi') };";

export const grpc: Bench = {
  name: "grpc",
  summary:
    "Unary calls of the gRPC API with a token, each authorized and counted: what a service does, and what there is, with one service. h2load with one thread on the same cores, 4 connections with 32 calls in flight each. Beside it the processor time that the kernel takes for a call.",
  peers: ["h2load"],
  async run({ quick, note }) {
    const port = freePort();
    await using env = soloEnv();
    const settings = {
      SOLO_LISTEN_PORT: String(port),
      SOLO_SECURITY_RATE_LIMIT_PER_CAPABILITY: "1000000",
      SOLO_LIMITS_MAX_PER_TENANT: "1000",
    };
    (await env.run(["start"], { env: settings })).expect();
    await solo(env, "deploy", env.write("web.ts", module), "web");
    const args = ["capability", "grant", "--resource", "tenant", "--permissions", "read", "--json"];
    const { token } = (await env.run(args)).expect().json(granted);
    const { pid } = (await env.run(["health", "--json"])).expect().json(healthDocumentSchema);
    const message = {
      Status: toBinary(StatusRequestSchema, create(StatusRequestSchema, { serviceId: "web" })),
      List: toBinary(ListRequestSchema, create(ListRequestSchema)),
    };
    const measure = async (method: keyof typeof message, calls: number) => {
      const before = cpuMs(pid);
      const perSecond = await runH2load({
        port,
        method: `solo.v1.SoloKernel/${method}`,
        message: message[method],
        metadata: { authorization: `Bearer ${token}` },
        ...{ calls, connections: 4, streams: 32, folder: env.root },
      });
      return { perSecond, cpuUs: ((cpuMs(pid) - before) * 1_000) / calls };
    };
    const runs = quick ? 2 : 5;
    const calls = quick ? 10_000 : 30_000;
    note("warming up");
    // Code that runs often is compiled better, until then it takes twice as long.
    for (const method of ["Status", "List"] as const) await measure(method, 20_000);
    const rows = [];
    for (const [method, name] of [
      ["Status", "status of a service"],
      ["List", "list of services"],
    ] as const) {
      note(name);
      const figures = [];
      for (let run = 0; run < runs; run++) figures.push(await measure(method, calls));
      const rate = { name: `${name}, 128 in flight`, unit: "calls/s", better: "higher" } as const;
      const cpu = { name: `${name}, of the kernel's processor`, unit: "µs/call", better: "lower" } as const;
      rows.push(
        askedRow(rate, median(figures.map(({ perSecond }) => perSecond)), wantedPerSecond, runs),
        plainRow(cpu, median(figures.map(({ cpuUs }) => cpuUs)), runs),
      );
    }
    return rows;
  },
};
