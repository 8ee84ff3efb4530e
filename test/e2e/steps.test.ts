import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { effectListSchema, effectSchema, signalResultSchema } from "../../src/api/index.ts";
import { Daemon, failure, waitFor } from "../support/index.ts";

setDefaultTimeout(60_000);

/** Does what each request asks for, and counts in a file what was carried out. */
const code = `
import { appendFileSync } from "node:fs";
import { defineService } from "solo";
const done = (ctx, what) => appendFileSync(ctx.env.JOURNAL, what + "\\n");
const tries = {
  step: (run, ctx, { id, fails = 0 }) => {
    let left = fails;
    return run.step(id, () => {
      done(ctx, "step " + id);
      if (left-- > 0) throw new Error("not yet");
      return { id, at: new Date(0), bytes: new Uint8Array([1, 2]) };
    }, { retry: { attempts: fails + 1, delay: 1 } });
  },
  nothing: (run) => run.step("nothing", () => undefined),
  effect: (run, ctx, { id, how = "done", cost }) =>
    run.effect(id, async (key, dispatch) => {
      done(ctx, "effect " + id + " " + key);
      if (how === "throws") throw new Error("no answer");
      if (how === "not-done") dispatch.notDone("429");
      if (how === "dies") process.kill(process.pid, "SIGKILL");
      if (how === "cheap") dispatch.spent({ tokens: 1 });
      return "receipt " + key;
    }, { cost }),
  sleep: async (run, ctx, { id, until }) => {
    await run.sleep(id, until);
    return Date.now();
  },
  wait: (run, ctx, { name, timeout, id }) => run.waitFor(name, { ...(timeout && { timeout }), ...(id && { id }) }),
  unfinished: (run, ctx) => ctx.unfinishedRuns(),
};
export default defineService({
  methods: { effect: (input, ctx) => tries.effect(ctx, ctx, input) },
  async fetch(request, ctx) {
    const { what, run, ends = true, ...input } = await request.json();
    const act = (steps) => tries[what](steps, ctx, input);
    try {
      const output = run === undefined
        ? await act(ctx)
        : await ctx.run(run, async (steps) => {
            const value = await act(steps);
            if (!ends) throw new Error("interrupted");
            return value;
          });
      return Response.json({ output: output ?? null });
    } catch (error) {
      return Response.json({ code: error.code ?? null, message: error.message, name: error.name, details: error.details });
    }
  },
});`;

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
  await deploy("shop", {});
});
afterAll(() => daemon[Symbol.asyncDispose]());

function journalOf(name: string): string {
  return `${daemon.env.notes}/${name}.journal`;
}

async function deploy(name: string, spec: Parameters<Daemon["module"]>[2]): Promise<void> {
  const env = { JOURNAL: journalOf(name) };
  await daemon.deploy({ [name]: daemon.module(`${name}.ts`, code, { ...spec, env, restart: { backoff_min_ms: 10 } }) });
}

async function carriedOut(name: string, what: string): Promise<number> {
  const file = Bun.file(journalOf(name));
  const text = (await file.exists()) ? await file.text() : "";
  return text.split("\n").filter((line) => line.startsWith(what)).length;
}

async function ask(body: object, name = "shop"): Promise<Record<string, unknown>> {
  const response = await daemon.env.fetch(name, "/", { method: "POST", body: JSON.stringify(body) });
  return Object(await response.json());
}

async function kill(name = "shop"): Promise<void> {
  const { instances } = await daemon.status(name);
  const pid = instances[0]?.pid ?? 0;
  process.kill(pid, "SIGKILL");
  await daemon.until(name, (now) => now.state === "ready" && now.instances[0]?.pid !== pid);
}

test("a step is carried out once, whatever is killed afterwards", async () => {
  const first = await ask({ what: "step", id: "once" });
  await kill();
  expect(await ask({ what: "step", id: "once" })).toEqual(first);
  await daemon.crashKernel();
  await waitFor(async () => (await daemon.status("shop")).state === "ready", { what: "the service" });
  expect(await ask({ what: "step", id: "once" })).toEqual(first);
  expect(await carriedOut("shop", "step once")).toBe(1);
  expect(await ask({ what: "nothing" })).toEqual({ output: null });
});

test("a step that throws is tried as often as it says, and is not kept", async () => {
  expect(await ask({ what: "step", id: "flaky", fails: 2 })).toMatchObject({ output: { id: "flaky" } });
  expect(await carriedOut("shop", "step flaky")).toBe(3);
});

test("a run that was interrupted goes on where it was, and is forgotten but for its result", async () => {
  const order = { what: "step", id: "plan", run: "order-1" };
  expect(await ask({ ...order, ends: false })).toMatchObject({ message: "interrupted" });
  expect(await ask({ what: "unfinished" })).toMatchObject({ output: [{ id: "order-1" }] });
  await kill();
  const ended = await ask(order);
  expect(await ask(order)).toEqual(ended);
  expect(await carriedOut("shop", "step plan")).toBe(1);
  expect(await ask({ what: "unfinished" })).toEqual({ output: [] });
});

test("requests at the same time for one step, to two instances, are one", async () => {
  await deploy("twins", { replicas: 2 });
  const asked = await Promise.all(Array.from({ length: 8 }, () => ask({ what: "step", id: "shared" }, "twins")));
  expect(new Set(asked.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(await carriedOut("twins", "step shared")).toBe(1);
});

test("an effect whose process dies is unknown until somebody resolves it", async () => {
  const effect = { what: "effect", id: "charge", run: "order-2" };
  await ask({ ...effect, how: "dies" }).catch(() => undefined);
  await daemon.until("shop", (now) => now.state === "ready" && now.restarts > 0);
  for (let attempt = 0; attempt < 2; attempt++) expect(await ask(effect)).toMatchObject({ code: "outcome_unknown" });
  expect(await carriedOut("shop", "effect charge")).toBe(1);
  const listed = await daemon.env.run(["effects", "list", "shop", "--state", "unknown", "--json"]);
  const { effects } = listed.expect().json(effectListSchema);
  expect(effects).toMatchObject([{ id: "charge", run: "order-2", state: "unknown", attempt: 1 }]);
  expect(await Bun.file(journalOf("shop")).text()).toContain(`effect charge ${effects[0]?.key}`);
  const retry = await daemon.env.run(["effects", "resolve", "shop", "charge", "--run", "order-2", "--retry", "--json"]);
  expect(retry.expect().json(effectSchema)).toMatchObject({ state: "retry" });
  expect(await ask(effect)).toEqual({ output: `receipt ${effects[0]?.key}` });
  expect(await carriedOut("shop", "effect charge")).toBe(2);
});

test("an effect that throws is unknown, one that says so was not done", async () => {
  expect(await ask({ what: "effect", id: "refused", how: "not-done" })).toMatchObject({
    name: "NotDone",
    message: "429",
  });
  expect(await ask({ what: "effect", id: "refused" })).toMatchObject({ output: expect.stringMatching(/^receipt/) });
  expect(await ask({ what: "effect", id: "silent", how: "throws" })).toMatchObject({ code: "outcome_unknown" });
  expect(await ask({ what: "effect", id: "silent" })).toMatchObject({ code: "outcome_unknown" });
  const resolve = ["effects", "resolve", "shop", "silent"];
  (await daemon.env.run(resolve)).expect(2);
  (await daemon.env.run([...resolve, "--done", "--result", '{"receipt": 7}'])).expect();
  expect(await ask({ what: "effect", id: "silent" })).toEqual({ output: { receipt: 7 } });
  (await daemon.env.run([...resolve, "--failed"])).expect(6);
  (await daemon.env.run(["effects", "resolve", "shop", "nonesuch", "--failed"])).expect(5);
});

test("a pause goes on where it was, after a crash of service and kernel", async () => {
  const begun = Date.now();
  const pause = { what: "sleep", id: "cooling-off", until: "2s" };
  const interrupted = ask(pause).catch(() => undefined);
  await waitFor(async () => (await daemon.status("shop")).state === "ready", { what: "the service" });
  await kill();
  await interrupted;
  await daemon.crashKernel();
  const { output } = await waitFor(
    async () => {
      const answer = await ask(pause);
      return answer.output === undefined ? undefined : answer;
    },
    { what: "the end of the pause" },
  );
  expect(Number(output) - begun).toBeGreaterThanOrEqual(2_000);
});

test("a signal is taken once, also when it came before anybody waited", async () => {
  const sent = await daemon.env.run([
    "signal",
    "shop",
    "approved",
    '{"by": "ann"}',
    "--run",
    "order-3",
    "--id",
    "a1",
    "--json",
  ]);
  expect(sent.expect().json(signalResultSchema)).toMatchObject({ run: "order-3", delivered: true });
  const again = await daemon.env.run(["signal", "shop", "approved", '{"by": "bob"}', "--run", "order-3", "--id", "a1"]);
  expect(again.expect().stdout).toContain("already");
  await daemon.crashKernel();
  await waitFor(async () => (await daemon.status("shop")).state === "ready", { what: "the service" });
  const wait = { what: "wait", name: "approved", run: "order-3", ends: false };
  expect(await ask({ ...wait, id: "second", timeout: 1 })).toMatchObject({ message: "interrupted" });
  expect(await ask({ ...wait, timeout: 1 })).toMatchObject({ code: "timeout" });
  await kill();
  expect(await ask({ ...wait, id: "second", ends: true })).toEqual({ output: { by: "ann" } });
});

test("a wait is woken by its signal", async () => {
  const waiting = ask({ what: "wait", name: "wake" });
  (await daemon.env.run(["signal", "shop", "wake"])).expect();
  expect(await waiting).toEqual({ output: null });
  (await daemon.env.run(["signal", "shop", "wake", "{"])).expect(2);
});

test("effects and budgets are shown without a kernel as they are with one", async () => {
  await using other = await Daemon.start();
  const code = `import { defineService } from "solo";
    export default defineService({ methods: {
      charge: (_, ctx) => ctx.run("order", (run) => run.effect("charge", () => process.exit(1), { cost: { tokens: 7 } })),
    } });`;
  await other.deploy({ shop: other.module("shop.ts", code, { budget: { tokens: 10 } }) });
  await other.client.call({ name: "shop", method: "charge" }).catch(() => undefined);
  await other.until("shop", ({ state, restarts }) => state === "ready" && restarts > 0);
  const shown = async () => [
    (await other.env.run(["effects", "list", "shop", "--json"])).expect().json(effectListSchema),
    JSON.parse((await other.env.run(["budget", "shop", "--json"])).expect().stdout),
  ];
  const [effects, budget] = await shown();
  expect(effects).toMatchObject({ effects: [{ id: "charge", run: "order", state: "unknown" }] });
  expect(budget.resources).toContainEqual({ resource: "tokens", limit: 10, used: 0, reserved: 7, left: 3 });
  (await other.env.run(["stop"])).expect();
  expect(await shown()).toEqual([effects, budget]);
  expect((await other.env.run(["health"])).code).toBe(7);
});

test("a budget refuses what it has no room for, and gives back what was not used", async () => {
  await deploy("thrifty", { budget: { tokens: 100, calls: 3 } });
  const spend = (id: string, tokens: number, how = "done") =>
    ask({ what: "effect", id, how, cost: { tokens } }, "thrifty");
  expect(await spend("a", 90, "cheap")).toMatchObject({ output: expect.anything() });
  expect(await spend("b", 100)).toMatchObject({ code: "budget_exhausted", details: { resource: "tokens", used: 1 } });
  expect(await spend("c", 50)).toMatchObject({ output: expect.anything() });
  await kill("thrifty");
  await daemon.crashKernel();
  await daemon.until("thrifty", "ready");
  expect(await spend("d", 49)).toMatchObject({ output: expect.anything() });
  expect(await spend("e", 0)).toMatchObject({ code: "budget_exhausted", details: { resource: "calls" } });
  const budget = (await daemon.env.run(["budget", "thrifty"])).expect().stdout;
  expect(budget).toMatch(/tokens +100 +100 +0 +0/);
  expect((await daemon.env.run(["status", "thrifty"])).stdout).toMatch(/tokens +100 of 100 used/);
  expect((await daemon.status("thrifty")).budget?.resources[0]).toMatchObject({ resource: "calls", used: 3, left: 0 });
});

test("whoever calls a method is told what to do about what its effects refuse", async () => {
  const input = { id: "advised", how: "throws" };
  const unknown = await failure(daemon.client.call({ name: "shop", method: "effect", input }));
  expect([unknown.code, unknown.hint]).toEqual(["outcome_unknown", expect.stringContaining("`solo effects resolve`")]);
  await deploy("poor", { budget: { calls: 0 } });
  const exhausted = await failure(daemon.client.call({ name: "poor", method: "effect", input: { id: "any" } }));
  expect([exhausted.code, exhausted.hint]).toEqual(["budget_exhausted", expect.stringContaining("raise `budget`")]);
  await daemon.client.kill({ name: "poor" });
});
