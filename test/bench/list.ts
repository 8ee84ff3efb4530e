import { join } from "node:path";
import type { Bench } from "./support/bench.ts";
import { Crowd, settleMs, solo } from "./support/crowd.ts";
import { Pm2 } from "./support/pm2.ts";
import { askedRow, peerRow } from "./support/row.ts";
import { median } from "./support/statistics.ts";
import { Supervisord } from "./support/supervisord.ts";
import { inPairs } from "./support/timed.ts";

const services = 500;
const wantedMs = 40;

export const list: Bench = {
  name: "list",
  summary: `\`solo list --json\` with ${services} services running, beside \`pm2 jlist\` and \`supervisorctl status\` with one. The whole command, from its spawn to its end.`,
  peers: ["pm2", "supervisord"],
  async run({ quick, note }) {
    note(`starting ${services} services`);
    await using crowd = await Crowd.start(services, { restMs: quick ? settleMs.young : settleMs.settled });
    await using pm2 = new Pm2();
    await pm2.run("start", crowd.env.write("idle.js", "setInterval(() => {}, 1e6);\n"), "--name", "one");
    await using supervisord = await Supervisord.start({ one: "/bin/sleep 1000000" });
    const runs = quick ? 5 : 20;
    const solos = async () => checked((await solo(crowd.env, "list", "--json")).stdout, crowd);
    const ours = async () => (await solo(crowd.env, "list", "--json")).tookMs;
    await solos();
    note("pairs with pm2");
    const [a, jlist] = await inPairs(runs, ours, async () => (await pm2.run("jlist")).tookMs);
    note("pairs with supervisorctl");
    const [b, status] = await inPairs(runs, ours, async () => (await supervisord.status()).tookMs);
    const measure = { name: `list ${services} services, peers list one`, unit: "ms", better: "lower" } as const;
    return [
      peerRow(measure, a, { name: "pm2 jlist", values: jlist, wanted: 8 }),
      peerRow(measure, b, { name: "supervisorctl status", values: status, wanted: 6 }),
      askedRow({ ...measure, name: `list ${services} services` }, median([...a, ...b]), wantedMs, a.length + b.length),
    ];
  },
};

/** A fast answer that lacks services would be none. */
function checked(stdout: string, crowd: Crowd): void {
  const { services: rows }: { services: unknown[] } = JSON.parse(stdout);
  if (rows.length !== services) throw new Error(`${rows.length} services listed in ${join(crowd.env.dataDir)}`);
}
