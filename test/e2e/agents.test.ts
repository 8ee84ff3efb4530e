import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { Daemon, failure, waitFor } from "../support/index.ts";

/** Agents over the port protocol: the Python SDK, and one in Scheme that was written from the protocol's page alone. */

setDefaultTimeout(90_000);

const root = join(import.meta.dir, "../..");
const sdkAgent = join(import.meta.dir, "fixtures/sdk-agent.py");
/** Where the agents in Python find their SDK. */
const sandbox = { read: [join(root, "sdk/python")] };

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const ask = async (name: string, method: string, input: unknown = null) =>
  (await daemon.client.call({ name, method, input })).output;
const pidOf = async (name: string) => (await daemon.status(name)).instances[0]?.pid ?? 0;

/** `kill -9` of an agent; resolves when its successor is ready. */
async function crash(name: string) {
  const { restarts } = await daemon.status(name);
  process.kill(await pidOf(name), "SIGKILL");
  return daemon.until(name, (status) => status.restarts > restarts && status.state === "ready");
}

interface Example {
  readonly name: string;
  readonly language: string;
  readonly command: string[];
  readonly write: () => Promise<unknown>;
  readonly written: unknown;
  readonly read: () => Promise<unknown>;
  readonly kept: unknown;
}

describe.each<Example>([
  {
    name: "notes",
    language: "Python",
    command: [join(root, "examples/agent-python/agent.py")],
    write: () => ask("notes", "remember", { text: "water" }),
    written: { number: 1 },
    read: () => ask("notes", "recall"),
    kept: ["water"],
  },
  {
    name: "counters",
    language: "Scheme",
    command: [join(root, "examples/agent-scheme/agent.scm")],
    write: () => ask("counters", "add", { name: "visits", amount: 3 }),
    written: 3,
    read: () => ask("counters", "value", "visits"),
    kept: 3,
  },
])("the example in $language", ({ name, command, write, written, read, kept }) => {
  test("remembers over kills of its own, of the kernel, and over a stop in order", async () => {
    await daemon.deploy({ [name]: { kind: "port", command, sandbox } });
    expect(await write()).toEqual(written);
    const recovered = await crash(name);
    expect(recovered.instances[0]?.agent?.recovery).toMatchObject({ detection_ms: 0 });
    expect(await read()).toEqual(kept);

    const pid = await pidOf(name);
    await daemon.crashKernel();
    await daemon.until(name, "ready");
    expect(await waitFor(read, { what: "an answer to the next kernel" })).toEqual(kept);
    expect(await pidOf(name)).toBe(pid);

    const { instances } = await daemon.client.kill({ name });
    expect(instances).toMatchObject([{ exit_code: 0 }]);
    await daemon.deploy({ [name]: { kind: "port", command, sandbox } });
    expect(await read()).toEqual(kept);
    await daemon.client.kill({ name });
  });

  test("says that a method is unknown", async () => {
    await daemon.deploy({ [name]: { kind: "port", command, sandbox } });
    expect(await failure(daemon.client.call({ name, method: "nothing" }))).toMatchObject({ code: "not_found" });
    await daemon.client.kill({ name });
  });
});

describe("the Python SDK", () => {
  const name = "sdk";
  beforeAll(async () => {
    await daemon.deploy({ [name]: { kind: "port", sandbox, command: [sdkAgent] } });
  });

  test("passes values of every kind", async () => {
    const value = { text: "ä", number: -1.5, big: 2 ** 53 - 1, list: [1, null, true], nested: { a: {} } };
    expect(await ask(name, "echo", value)).toEqual(value);
    const long = "x".repeat(3_000_000);
    expect(await ask(name, "echo", long)).toBe(long);
  });

  test("makes what a method raises the caller's error", async () => {
    const error = await failure(daemon.client.call({ name, method: "fail" }));
    expect(error).toMatchObject({ code: "failed", message: "RuntimeError: as asked" });
  });

  test("counts a hundred threads right, and so does its successor", async () => {
    expect(await ask(name, "race", 100)).toBe(100);
    await crash(name);
    expect(await ask(name, "increment")).toBe(101);
  });

  test("carries out logged operations of its own, once more after a restart, in order", async () => {
    await ask(name, "log", "one");
    await ask(name, "checkpoint");
    expect(await ask(name, "log", "two")).toEqual(["one", "two"]);
    await crash(name);
    expect(await ask(name, "said")).toEqual(["one", "two"]);
  });

  test("keeps ten megabytes in a checkpoint, in chunks, and gets them back", async () => {
    await ask(name, "fill", 10);
    const before = await ask(name, "digest");
    await ask(name, "checkpoint");
    const status = await crash(name);
    expect(await ask(name, "digest")).toBe(before);
    expect(status.instances[0]?.agent?.recovery?.restored_bytes).toBeGreaterThan(10_000_000);
    expect(status.instances[0]?.agent?.recovery?.restored_entries).toBe(0);
  });

  test("takes new code while it runs, or says why it doesn't, and runs on in either case", async () => {
    const pid = await pidOf(name);
    await ask(name, "increment");
    const file = daemon.env.write("tools.py", "version = 2\nname = __name__\n");
    const { stdout } = (await daemon.env.run(["restart", name, "--reload", file, "--json"])).expect();
    const reloaded = JSON.parse(stdout);
    expect(reloaded).toMatchObject({ service: name, module: "tools", bytes: 28 });
    expect([await ask(name, "tool", "version"), await ask(name, "tool", "backup")]).toEqual([2, reloaded.checkpoint]);
    const broken = failure(daemon.client.reload({ name, module: "tools", code: "version = 3\nversion +" }));
    expect(await broken).toMatchObject({ code: "failed", message: expect.stringContaining("SyntaxError") });
    expect([await ask(name, "tool", "version"), await pidOf(name)]).toEqual([2, pid]);
    const { checkpoints } = await daemon.client.checkpoints({ name });
    expect(checkpoints.find(({ id }) => id === reloaded.checkpoint)).toMatchObject({ reason: "hot_reload" });
    expect((await daemon.events(name)).find(({ event }) => event === "hot_reloaded")?.data).toMatchObject({
      bytes: 28,
    });
    // The program that was deployed is what a new process runs.
    await crash(name);
    expect(await ask(name, "tool", "version")).toBe(1);
  });

  test("is answered when it wants to evolve, and what it reports is shown", async () => {
    await ask(name, "evolve", "(define x 1)");
    const denied = [false, "rejected", expect.stringContaining('set evolution = "allow" in [service.sdk]')];
    const evolutions = await waitFor(
      async () => {
        const results = await ask(name, "evolutions");
        return Array.isArray(results) && results.length > 0 ? results : undefined;
      },
      { what: "the result" },
    );
    expect(evolutions).toEqual([denied]);
    await ask(name, "measure");
    await ask(name, "complain", "it broke");
    const { agent } = (await daemon.status(name)).instances[0] ?? {};
    expect(agent).toMatchObject({ protocol: 2, metrics: { avg_latency: 1.5, throughput: 10 } });
    expect(agent?.methods).toContain("evolve");
    const events = await daemon.events(name);
    expect(events.find(({ event }) => event === "evolution_intent")?.data).toMatchObject({
      target: "dsl",
      code_bytes: 12,
    });
    expect(events.find(({ event }) => event === "agent_error")?.data).toMatchObject({ code: "TOOL_FAILED" });
  });

  test("does a step once, whichever process is asked, and leaves an effect whose end nobody saw alone", async () => {
    expect(await ask(name, "step", "first")).toBe(1);
    const key = await ask(name, "effect", "mail");
    await ask(name, "nap", "short");
    await crash(name);
    expect(await ask(name, "step", "first")).toBe(1);
    expect(await ask(name, "step", "second")).toBe(2);
    expect(await ask(name, "effect", "mail")).toBe(key);
    const { restarts } = await daemon.status(name);
    expect(await failure(daemon.client.call({ name, method: "die_within", input: "payment" }))).toMatchObject({
      code: "outcome_unknown",
    });
    await daemon.until(name, (status) => status.restarts > restarts && status.state === "ready");
    const again = await failure(daemon.client.call({ name, method: "effect", input: "payment" }));
    expect(again).toMatchObject({ code: "outcome_unknown", message: expect.stringContaining("payment") });
    const waiting = ask(name, "signal", "go");
    await daemon.client.signal({ name, signal: "go", value: { speed: 3 } });
    expect(await waiting).toEqual({ speed: 3 });
  });

  test("tells its callers what its budget has no room for", async () => {
    await daemon.deploy({ poor: { kind: "port", sandbox, command: [sdkAgent], budget: { calls: 0 } } });
    const { code, stderr } = await daemon.env.run(["call", "poor", "effect", '"mail"']);
    expect([code, stderr]).toEqual([12, expect.stringContaining("the budget of 0 calls has no room for 1 more")]);
    await daemon.client.kill({ name: "poor" });
  });

  test("is set back by a restore of its service's checkpoint", async () => {
    await ask(name, "mark", "before");
    const made = await daemon.env.run(["checkpoint", "create", name, "--json"]);
    const { id } = JSON.parse(made.expect().stdout);
    await ask(name, "mark", "after");
    (await daemon.env.run(["checkpoint", "restore", name, id, "--yes"])).expect();
    expect(await ask(name, "marks")).toEqual(["before"]);
  });

  test("takes a checkpoint by itself when its log has grown", async () => {
    const env = { CHECKPOINT_ENTRIES: "20" };
    await daemon.deploy({ growing: { kind: "port", sandbox, command: [sdkAgent], env } });
    for (let index = 0; index < 25; index++) await ask("growing", "mark", `${index}`);
    await waitFor(async () => (await daemon.events("growing")).some(({ event }) => event === "agent_checkpoint"), {
      what: "a checkpoint",
    });
    const status = await crash("growing");
    expect(status.instances[0]?.agent?.recovery?.restored_entries).toBeLessThan(25);
    expect(await ask("growing", "marks")).toHaveLength(25);
    await daemon.client.kill({ name: "growing" });
  });
});

test("an update stops the old process before the new one starts, and the new one has its state", async () => {
  await daemon.deploy({ updated: { kind: "port", sandbox, command: [sdkAgent] } });
  await ask("updated", "mark", "before");
  const [result] = await daemon.deploy({ updated: { kind: "port", sandbox, command: [sdkAgent, "--changed"] } });
  expect(result).toMatchObject({ changed: true, state: "ready" });
  expect(await ask("updated", "marks")).toEqual(["before"]);
  const events = (await daemon.events("updated")).map(({ event }) => event);
  expect(events.lastIndexOf("instance_started")).toBeGreaterThan(events.indexOf("instance_stopped"));
  const replicated = daemon.deploy({ updated: { kind: "port", sandbox, command: [sdkAgent], replicas: 2 } });
  expect(await failure(replicated)).toMatchObject({ code: "invalid_request" });
  await daemon.client.kill({ name: "updated" });
});

test("an agent outlives kernel and guardian, and goes on with the next ones", async () => {
  await using other = await Daemon.start();
  const call = async (method: string, input: unknown = null) =>
    (await other.client.call({ name: "alone", method, input })).output;
  await other.deploy({ alone: { kind: "port", sandbox, command: [sdkAgent] } });
  await call("mark", "before");
  const pid = (await other.status("alone")).instances[0]?.pid;
  await other.crashBoth();
  await other.start();
  await other.until("alone", "ready");
  expect(await call("mark", "after")).toBe("after");
  expect(await call("marks")).toEqual(["after", "before"]);
  expect((await other.status("alone")).instances).toMatchObject([{ pid, adopted: true, restarts: 0 }]);
  await other.client.kill({ name: "alone" });
});

test("an agent that was not ready when its kernel was killed is started anew", async () => {
  await using other = await Daemon.start();
  const env = { START_SECONDS: "1" };
  await other.deploy({ slow: { kind: "port", sandbox, command: [sdkAgent], env } }, { wait: false });
  const pid = await waitFor(async () => (await other.status("slow")).instances[0]?.pid, { what: "its process" });
  await other.crashKernel();
  const status = await other.until("slow", "ready");
  expect(status.instances[0]?.pid).not.toBe(pid);
  await other.client.kill({ name: "slow" });
});

test("nothing that was acknowledged is lost when agent and kernel are killed under load", async () => {
  const name = "loaded";
  await daemon.deploy({
    [name]: { kind: "port", sandbox, command: [sdkAgent], restart: { max: 1_000, backoff_max_ms: 20 } },
  });
  const acknowledged = new Set<string>();
  const attempted = new Set<string>();
  const done = new AbortController();
  const writer = async (id: number) => {
    for (let index = 0; !done.signal.aborted; index++) {
      const text = `${id}-${index}`;
      attempted.add(text);
      const answer = await ask(name, "mark", text).catch(() => Bun.sleep(5));
      if (answer === text) acknowledged.add(text);
    }
  };
  const writers = Array.from({ length: 8 }, (_, id) => writer(id));
  for (let round = 0; round < 12; round++) {
    const before = acknowledged.size;
    await waitFor(() => acknowledged.size > before + 20, { what: "further marks", deadlineMs: 20_000 });
    if (round % 3 === 2) await daemon.crashKernel();
    else process.kill(await pidOf(name), "SIGKILL");
  }
  done.abort();
  await Promise.all(writers);
  await daemon.until(name, "ready");
  const kept = new Set(JSON.parse(JSON.stringify(await ask(name, "marks"))));
  expect([...acknowledged].filter((text) => !kept.has(text))).toEqual([]);
  expect([...kept].filter((text) => typeof text !== "string" || !attempted.has(text))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(200);
  await daemon.client.kill({ name });
});
