import { parseArgs } from "node:util";
import { soloBinary } from "../support/index.ts";
import { agents } from "./agents.ts";
import { audit } from "./audit.ts";
import { auditMode } from "./audit-mode.ts";
import { capability } from "./capability.ts";
import { checkpoint } from "./checkpoint.ts";
import { dashboard } from "./dashboard.ts";
import { deploy } from "./deploy.ts";
import { durableLog } from "./durable-log.ts";
import { followersBench } from "./followers.ts";
import { grpc } from "./grpc.ts";
import { ingress } from "./ingress.ts";
import { list } from "./list.ts";
import { logs } from "./logs.ts";
import { recovery } from "./recovery.ts";
import { rest } from "./rest.ts";
import { restart } from "./restart.ts";
import { sandbox } from "./sandbox.ts";
import { scale } from "./scale.ts";
import { shedding } from "./shedding.ts";
import { state } from "./state.ts";
import { steps } from "./steps.ts";
import { store } from "./store.ts";
import type { Bench } from "./support/bench.ts";
import { type Result, writeDocument } from "./support/document.ts";
import { describeMachine } from "./support/machine.ts";
import { installPeers } from "./support/peers.ts";
import { isMet } from "./support/row.ts";
import { plainTable } from "./support/table.ts";
import { top } from "./top.ts";

/** `bin/bench`: see there. Ends with 1 when a figure that is asked for is missed, or a benchmark failed. */

const benches: readonly Bench[] = [
  list,
  deploy,
  sandbox,
  auditMode,
  restart,
  agents,
  logs,
  recovery,
  ingress,
  scale,
  durableLog,
  checkpoint,
  store,
  state,
  steps,
  audit,
  shedding,
  rest,
  grpc,
  followersBench,
  dashboard,
  top,
  capability,
];

const usage = `Measures Solo beside its peers, in paired runs on the built binary.

  bin/bench [NAME]… [--quick] [--json] [--write]

  --quick  fewer runs, smaller loads
  --json   one document for each benchmark
  --write  put the tables into docs/benchmarks.md

Benchmarks: ${benches.map(({ name }) => name).join(", ")}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: "boolean", short: "h", default: false },
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const unknown = positionals.find((name) => !benches.some((bench) => bench.name === name));
if (unknown !== undefined) {
  console.error(`no such benchmark: ${unknown}; there are ${benches.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const chosen = benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
await installPeers(chosen.flatMap(({ peers }) => peers));

const results: Result[] = [];
let failed = 0;
for (const bench of chosen) {
  try {
    results.push(await measure(bench));
  } catch (error) {
    failed += 1;
    console.error(`${bench.name} failed: ${error instanceof Error ? error.message : error}`);
  }
}
if (values.write) writeDocument(results);
const missed = results.flatMap(({ rows }) => rows).filter((row) => !isMet(row)).length;
if (!values.json) console.log(`\n${missed} of the figures asked for missed, ${failed} benchmarks failed`);
process.exit(missed + failed === 0 ? 0 : 1);

async function measure({ name, summary, run }: Bench): Promise<Result> {
  const machine = await describeMachine(soloBinary());
  console.error(`── ${name}`);
  const rows = await run({ quick: values.quick, note: (text) => console.error(`   ${text}`) });
  console.log(values.json ? JSON.stringify({ bench: name, machine, rows }) : `\n${name}\n${plainTable(rows)}`);
  return { bench: name, summary, machine, rows };
}
