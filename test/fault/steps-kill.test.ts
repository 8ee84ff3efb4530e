import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon, waitFor } from "../support/index.ts";
import { Ledger } from "../support/ledger.ts";
import { seededRandom } from "../support/random.ts";

/**
 * Kernel and instances of a service that works in durable steps are killed with SIGKILL at random moments, while a ledger
 * outside watches: no step is carried out again once its result was kept, no result changes, and no effect is dispatched
 * twice. What nobody knows the outcome of is reported, and resolved by what the ledger has seen.
 */
const kills = Number(process.env.SOLO_STEPS_KILLS ?? 30);
setDefaultTimeout(60_000 + kills * 3_000);

test(`${kills} kills of kernel and agents: no step twice, no effect twice`, async () => {
  const seed = Number(process.env.SOLO_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  console.log(`seed ${seed} (SOLO_TEST_SEED), ${kills} kills (SOLO_STEPS_KILLS)`);
  const draw = seededRandom(seed).next;
  const ledger = new Ledger();
  await using daemon = await Daemon.start();
  try {
    const code = readFileSync(join(import.meta.dir, "fixtures/orders.js"), "utf8");
    const restart = { max: 1_000_000, backoff_min_ms: 10, backoff_max_ms: 50 };
    await daemon.deploy({
      orders: daemon.module("orders.js", code, {
        replicas: 2,
        restart,
        env: { LEDGER: ledger.url },
        sandbox: ledger.sandbox,
      }),
    });
    for (let kill = 0; kill < kills; kill++) {
      await progress(ledger, 1 + Math.floor(draw() * 4), () => resolveUnknown(daemon, ledger));
      // Not always between two requests: a moment after one was answered, at random.
      await Bun.sleep(draw() * 15);
      const choice = draw();
      // With its guardian, which waits longer before each of many restarts.
      if (choice < 0.1) await daemon.replaceBoth();
      else if (choice < 0.2) await replaceAt("/kept ship", daemon, ledger);
      else if (choice < 0.3) await replaceAt("/carried-out prepare", daemon, ledger);
      else await killInstance(daemon, draw);
    }
    await ledger.silently(async () => {
      await waitFor(() => resolveUnknown(daemon, ledger).then(() => ledger.underWay > 0), {
        what: "an effect under way",
      });
      const { instances } = await daemon.status("orders");
      for (const { pid } of instances) if (pid !== null) killIfAlive(pid);
    });
    await progress(ledger, 10, () => resolveUnknown(daemon, ledger));
    expect({ seed, mistakes: ledger.mistakes }).toEqual({ seed, mistakes: [] });
    // Each run that ended was charged once, or somebody was asked about it.
    const uncharged = [...ledger.ended.keys()].filter((run) => !ledger.charges.has(run) && !ledger.unknown.has(run));
    expect({ seed, uncharged }).toEqual({ seed, uncharged: [] });
    expect(ledger.unknown.size).toBeGreaterThan(0);
    const usage = await daemon.client.budget({ name: "orders" });
    const tokens = usage.resources.find(({ resource }) => resource === "tokens");
    // What was lost before it was dispatched was resolved as done as well; what is under way is set aside.
    expect((tokens?.used ?? 0) + (tokens?.reserved ?? 0)).toBeLessThanOrEqual(
      10 * (new Set([...ledger.charges.keys(), ...ledger.unknown]).size + 2),
    );
    expect(tokens?.used ?? 0).toBeGreaterThanOrEqual(10 * (ledger.charges.size - 2));
    console.log(`${ledger.carriedOut} steps, ${ledger.charges.size} effects, ${ledger.unknown.size} unknown`);
  } finally {
    await ledger.close();
  }
});

/** Waits until so many more steps were carried out. */
async function progress(ledger: Ledger, steps: number, meanwhile: () => Promise<void>): Promise<void> {
  const goal = ledger.carriedOut + steps;
  const reached = async () => {
    await meanwhile();
    return ledger.carriedOut >= goal;
  };
  await waitFor(reached, { what: `${steps} more steps`, deadlineMs: 40_000 });
}

/** So that the end of a run or step, and another instance's wish for it, are what the next kernel is asked first. */
async function replaceAt(moment: string, daemon: Daemon, ledger: Ledger): Promise<void> {
  let isOver = false;
  const interrupted = ledger
    .interrupt(moment, () => daemon.crashBoth())
    .finally(() => {
      isOver = true;
    });
  await waitFor(() => isOver || resolveUnknown(daemon, ledger).then(() => false), {
    what: `the service to come to ${moment}`,
    deadlineMs: 40_000,
  });
  await interrupted;
  await daemon.start();
}

async function killInstance(daemon: Daemon, draw: () => number): Promise<void> {
  const { instances } = await daemon.status("orders");
  const living = instances.flatMap(({ pid }) => (pid === null ? [] : [pid]));
  const pid = living[Math.floor(draw() * living.length)];
  if (pid !== undefined) killIfAlive(pid);
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was ended by the kill before.
  }
}

/** What an operator does who asks the other side. The process that dispatched it is dead: nothing of it can come later. */
async function resolveUnknown(daemon: Daemon, ledger: Ledger): Promise<void> {
  const { effects } = await daemon.client.effects({ name: "orders", state: "unknown" });
  for (const { id, run } of effects) {
    if (run === null) throw new Error("an order has a run");
    ledger.unknown.add(run);
    const receipt = ledger.charges.has(run) ? `receipt of ${run}` : `no receipt of ${run}`;
    // Never dispatched again, even if it was not: the ledger would not know a late request from a second one.
    await daemon.client.resolve({ name: "orders", id, run, as: "done", result: { receipt } }).catch(() => undefined);
  }
}
