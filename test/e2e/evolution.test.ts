import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { EventDocument } from "../../src/api/index.ts";
import { Daemon, waitFor } from "../support/index.ts";

/** Agents that have themselves changed: allowed or not, on trial behind a checkpoint, kept or taken back. */

setDefaultTimeout(120_000);

const root = join(import.meta.dir, "../..");
const command = [join(import.meta.dir, "fixtures/evolving-agent.py")];
const sandbox = { read: [join(root, "sdk/python")] };

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const deploy = (name: string) => daemon.deploy({ [name]: { kind: "port", command, sandbox, evolution: "allow" } });
const ask = async (name: string, method: string, input: unknown = null) =>
  (await daemon.client.call({ name, method, input })).output;
const pidOf = async (name: string) => (await daemon.status(name)).instances[0]?.pid ?? 0;
const told = async (name: string): Promise<Readonly<Record<string, unknown>>> =>
  Object(await waitFor(() => ask(name, "result").catch(() => null), { what: "a result", deadlineMs: 40_000 }));
const happened = async (name: string, wanted: string): Promise<EventDocument["data"] | undefined> =>
  (await daemon.events(name)).findLast(({ event }) => event === wanted)?.data;
const until = (name: string, wanted: string) => waitFor(() => happened(name, wanted), { what: `${name}: ${wanted}` });

test("is denied unless the service allows it, with a reason that says how to", async () => {
  await daemon.deploy({ denied: { kind: "port", command, sandbox } });
  await ask("denied", "evolve", 'greeting = "hi"');
  const { success, decision, metrics, reason } = await told("denied");
  expect({ success, decision, metrics }).toEqual({ success: false, decision: "rejected", metrics: {} });
  expect(reason).toContain('evolution = "allow" in [service.denied] of solo.toml');
  expect(await ask("denied", "greet")).toBe("hello");
  expect(await until("denied", "evolution_rejected")).toMatchObject({ target: "greeting", rolled_back: false });
  expect(await happened("denied", "evolution_started")).toBeUndefined();
  const refusals = await Array.fromAsync(daemon.client.audit({ tenant: "default", operation: "evolution" }));
  expect(refusals).toMatchObject([
    {
      kind: "refusal",
      outcome: "refused",
      actor: "service:default/denied",
      subject: "default/denied",
      code: "forbidden",
    },
  ]);
  await daemon.client.kill({ name: "denied" });
});

test("only an agent has it", async () => {
  const asked = daemon.deploy({ web: { kind: "command", command: ["/bin/true"], evolution: "allow" } });
  await expect(asked).rejects.toMatchObject({ code: "invalid_config" });
});

test("code that the agent refuses changes nothing", async () => {
  await deploy("choosy");
  const pid = await pidOf("choosy");
  await ask("choosy", "evolve", "greeting = ");
  expect(await told("choosy")).toMatchObject({
    success: false,
    decision: "rejected",
    reason: expect.stringContaining("SyntaxError"),
  });
  expect([await ask("choosy", "greet"), await pidOf("choosy")]).toEqual(["hello", pid]);
  expect(await happened("choosy", "evolution_rejected")).toMatchObject({ rolled_back: false });
  await daemon.client.kill({ name: "choosy" });
});

test("what the agent does well with stays, and what it crashes, hangs or fails with is taken back", async () => {
  await Promise.all(["good", "inplace", "crashing", "hanging", "failing"].map(deploy));
  const pid = await pidOf("good");
  for (const name of ["crashing", "failing"]) await ask(name, "write", "written before");
  await ask("good", "evolve", 'greeting = "hi"');
  await ask("inplace", "evolve", "");
  await ask("crashing", "evolve", 'greeting = "hi"\nafter = agent.die');
  await ask("failing", "evolve", 'greeting = "hi"\nafter = agent.complain');
  await ask("hanging", "evolve", 'greeting = "hi"\nafter = agent.hang');

  const improved = { latency_improvement: 0.25, error_rate_change: 0, memory_increase: 0 };
  expect(await told("good")).toMatchObject({ success: true, decision: "promoted", metrics: improved });
  expect([await ask("good", "greet"), await pidOf("good")]).toEqual(["hi", pid]);
  const promoted = await happened("good", "evolution_promoted");
  expect(promoted).toMatchObject({ metrics: improved, before: { avg_latency: 40 }, after: { avg_latency: 30 } });
  expect(await ask("good", "backup")).toBe(String(promoted?.checkpoint));
  const { checkpoints } = await daemon.client.checkpoints({ name: "good" });
  expect(checkpoints.find(({ id }) => id === promoted?.checkpoint)).toMatchObject({ reason: "evolution" });
  const records = await Array.fromAsync(daemon.client.audit({ tenant: "default", subject: "default/good" }));
  expect(records.filter(({ operation }) => operation === "evolution")).toMatchObject([
    { kind: "begin" },
    { kind: "end", outcome: "done" },
  ]);

  expect(await told("inplace")).toMatchObject({ success: true, decision: "promoted" });
  expect(await ask("inplace", "greet")).toBe("changed by itself");

  const reasons = { crashing: "exited with code 7", failing: "EVAL_ERROR: the new greeting is rude", hanging: "" };
  for (const [name, why] of Object.entries(reasons)) {
    const { success, decision, reason } = await told(name);
    expect({ success, decision, reason }).toEqual({
      success: false,
      decision: "rejected",
      reason: expect.stringMatching(new RegExp(`${why}.*; set back to checkpoint \\d`)),
    });
    expect(await ask(name, "greet")).toBe("hello");
    expect(await happened(name, "evolution_rejected")).toMatchObject({ rolled_back: true });
  }
  for (const name of ["crashing", "failing"]) expect(await ask(name, "read")).toBe("written before");
  expect((await daemon.client.why({ name: "crashing" })).chain.map(({ event }) => event)).toEqual([
    "evolution_rejected",
    "instance_exited",
    "evolution_intent",
  ]);
  const why = (await daemon.env.run(["why", "crashing"])).expect().stdout;
  expect(why).toContain("crashing was rolled back: the agent did not stay well: exited with code 7");
  for (const name of ["good", "inplace", ...Object.keys(reasons)]) await daemon.client.kill({ name });
});

test("a trial that a kernel's death interrupts is seen through by the next one", async () => {
  await using other = await Daemon.start();
  const call = async (name: string, method: string, input: unknown = null) =>
    (await other.client.call({ name, method, input })).output;
  const names = ["alive", "dead"];
  for (const name of names) {
    await other.deploy({ [name]: { kind: "port", command, sandbox, evolution: "allow" } });
    await call(name, "write", "written before");
    await call(name, "evolve", 'greeting = "hi"');
  }
  for (const name of names) {
    await waitFor(async () => (await call(name, "greet")) === "hi", { what: "the change" });
    await call(name, "write", "written by the change");
  }
  const { instances } = await other.status("dead");
  await other.crashBoth();
  for (const { pid } of instances) if (pid !== null) process.kill(pid, "SIGKILL");
  await other.start();
  const result = (name: string) =>
    waitFor(() => call(name, "result").catch(() => null), { what: "a result", deadlineMs: 40_000 });
  expect(await result("dead")).toMatchObject({ decision: "rejected", reason: expect.stringContaining("set back") });
  expect([await call("dead", "greet"), await call("dead", "read")]).toEqual(["hello", "written before"]);
  await call("alive", "measure");
  expect(await result("alive")).toMatchObject({ decision: "promoted", metrics: { latency_improvement: 0.5 } });
  expect([await call("alive", "greet"), await call("alive", "read")]).toEqual(["hi", "written by the change"]);
  for (const name of names) await other.client.kill({ name });
});
