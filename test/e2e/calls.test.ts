import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { SoloError } from "../../src/api/index.ts";
import { Daemon, waitFor } from "../support/index.ts";

setDefaultTimeout(60_000);

/** Calls what its input says, and tells what came of it. */
const caller = `
import { defineService } from "solo";
const told = async (promise) => {
  try {
    return { output: await promise };
  } catch (error) {
    return { code: typeof error.code === "string" ? error.code : error.name, message: error.message, details: error.details, applied: error.applied };
  }
};
export default defineService({
  methods: {
    call: ({ service, method, input, timeout, abortAfter }, ctx) =>
      told(ctx.call(service, method, input, {
        ...(timeout !== undefined && { timeout }),
        ...(abortAfter !== undefined && { signal: AbortSignal.timeout(abortAfter) }),
      })),
    send: ({ service, method, input, timeout }, ctx) => told(ctx.send(service, method, input, timeout && { timeout })),
    many: async ({ service, method, times }, ctx) => {
      const codes = {};
      await Promise.all(Array.from({ length: times }, async (_, index) => {
        const { code = "done" } = await told(ctx.call(service, method, { index }, { timeout: "20s" }));
        codes[code] = (codes[code] ?? 0) + 1;
      }));
      return codes;
    },
    flood: async ({ service, method, times }, ctx) => {
      const codes = {};
      await Promise.all(Array.from({ length: times }, async (_, index) => {
        const { code = "done" } = await told(ctx.send(service, method, { index }));
        codes[code] = (codes[code] ?? 0) + 1;
      }));
      return codes;
    },
    circle: (input, ctx) => ctx.call("caller", "circle", input, { timeout: "20s" }),
    back: (input, ctx) => told(ctx.call("callee", "slow", { ms: 20_000 }, { timeout: "20s" })),
  },
});`;

/** Does what its methods say, and writes a line for each. */
const callee = `
import { appendFileSync } from "node:fs";
import { defineService } from "solo";
export default defineService({
  methods: {
    echo: (input, ctx) => ({ input, by: ctx.instance }),
    slow: async ({ ms, mark }, ctx) => {
      if (mark) appendFileSync(ctx.env.JOURNAL, mark + "\\n");
      await Bun.sleep(ms);
      return mark ?? null;
    },
    note: (input, ctx) => void appendFileSync(ctx.env.JOURNAL, JSON.stringify(input) + "\\n"),
    fails: () => { throw new Error("broken"); },
    refuses: () => { throw Object.assign(new Error("n must be a number"), { code: "invalid_request" }); },
    dies: ({ mark }, ctx) => {
      appendFileSync(ctx.env.JOURNAL, mark + "\\n");
      process.kill(process.pid, "SIGKILL");
      return new Promise(() => {});
    },
    nested: (input, ctx) => ctx.call("caller", "back", null, { timeout: "20s" }),
  },
});`;

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
  const env = { JOURNAL: `${daemon.env.notes}/journal` };
  const restart = { backoff_min_ms: 10 };
  await daemon.deploy({
    caller: daemon.module("caller.ts", caller, { allow: { call: ["callee", "narrow", "shaky", "nobody"] } }),
    callee: daemon.module("callee.ts", callee, { env, restart, replicas: 2, allow: { call: ["caller"] } }),
    narrow: daemon.module("narrow.ts", callee, { env, restart, limits: { calls: 1, queue: 20 } }),
    shaky: daemon.module("shaky.ts", callee, { env, restart }),
    stranger: daemon.module("stranger.ts", callee, { env }),
  });
});
afterAll(() => daemon[Symbol.asyncDispose]());

async function ask(method: string, input: unknown): Promise<Record<string, unknown>> {
  const { output } = await daemon.client.call({ name: "caller", method, input, timeout_ms: 30_000 });
  if (typeof output !== "object" || output === null) throw new Error(`${method} answered ${JSON.stringify(output)}`);
  return { ...output };
}

async function journal(): Promise<string[]> {
  const file = Bun.file(`${daemon.env.notes}/journal`);
  return (await file.exists()) ? (await file.text()).split("\n").filter(Boolean) : [];
}

test("one service calls another that its allow names, and gets what the method returned", async () => {
  const input = { list: [1, null, "ü"], deep: { yes: true } };
  expect(await ask("call", { service: "callee", method: "echo", input })).toMatchObject({ output: { input } });
});

test("instances compete for the calls: two replicas both answer", async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => ask("call", { service: "callee", method: "slow", input: { ms: 30 } })),
  );
  expect(answers).toHaveLength(8);
  const by = new Set<unknown>();
  for (let count = 0; count < 4; count++) {
    const { output } = await ask("call", { service: "callee", method: "echo" });
    by.add(typeof output === "object" && output !== null && "by" in output ? output.by : undefined);
  }
  expect(by.size).toBe(2);
});

test("a service that no allow names is refused, with what would grant it, though it exists or not", async () => {
  const refused = await ask("call", { service: "stranger", method: "echo" });
  expect(refused).toMatchObject({
    code: "forbidden",
    details: { permission: "call:echo", resource: "service:stranger" },
  });
  expect(await ask("call", { service: "unheard-of", method: "echo" })).toMatchObject({ code: "forbidden" });
  expect(await ask("send", { service: "stranger", method: "note" })).toMatchObject({ code: "forbidden" });
  await ask("call", { service: "stranger", method: "echo" });
  const denied = (await daemon.events("caller")).filter(({ event }) => event === "capability_denied");
  expect(denied.map(({ data }) => data.permission)).toEqual(["call:echo", "call:echo", "call:note"]);
});

test("what is wrong is told with its code", async () => {
  expect(await ask("call", { service: "nobody", method: "echo" })).toMatchObject({ code: "not_found" });
  expect(await ask("call", { service: "callee", method: "nothing" })).toMatchObject({ code: "not_found" });
  expect(await ask("call", { service: "callee", method: "refuses" })).toMatchObject({
    code: "invalid_request",
    message: "n must be a number",
  });
  expect(await ask("call", { service: "", method: "echo" })).toMatchObject({ code: "invalid_request" });
});

test("a call that takes too long ends with timeout; one that is called off is not waited for", async () => {
  const late = await ask("call", { service: "callee", method: "slow", input: { ms: 20_000 }, timeout: 100 });
  expect(late).toMatchObject({ code: "timeout", applied: "unknown" });
  const off = await ask("call", { service: "callee", method: "slow", input: { ms: 20_000 }, abortAfter: 50 });
  expect(off).toMatchObject({ code: "TimeoutError" });
});

test("a chain of calls shares the deadline of the first: two services that wait for one another end with it", async () => {
  const started = performance.now();
  const answer = await ask("call", { service: "callee", method: "nested", timeout: 400 });
  expect(answer).toMatchObject({ code: "timeout" });
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("services that call one another in a circle are stopped after so many calls", async () => {
  const answer = daemon.client.call({ name: "caller", method: "circle", input: null });
  await expect(answer).rejects.toMatchObject({ code: "conflict" });
  await expect(answer).rejects.toThrow("calls led to calls 32 times");
});

test("a message is in the mailbox when send resolves, is delivered once and in order, and an expired one never", async () => {
  await ask("call", { service: "narrow", method: "slow", input: { ms: 0, mark: "begin" } });
  const busy = ask("call", { service: "narrow", method: "slow", input: { ms: 600 } });
  await waitFor(async () => (await daemon.status("narrow")).mailbox?.in_flight === 1, { what: "a call in work" });
  for (let index = 0; index < 5; index++) {
    expect(await ask("send", { service: "narrow", method: "note", input: { index } })).toEqual({});
  }
  await ask("send", { service: "narrow", method: "note", input: { index: "too late" }, timeout: 100 });
  const { mailbox } = await daemon.status("narrow");
  expect(mailbox).toMatchObject({ waiting: 6, in_flight: 1, limit: 20 });
  await busy;
  const noted = await waitFor(
    async () => {
      const lines = (await journal()).filter((line) => line.includes("index"));
      return lines.length >= 5 ? lines : undefined;
    },
    { what: "five notes" },
  );
  await waitFor(async () => (await daemon.status("narrow")).mailbox?.waiting === 0, { what: "an empty mailbox" });
  expect(noted).toEqual([0, 1, 2, 3, 4].map((index) => JSON.stringify({ index })));
  expect((await daemon.status("narrow")).mailbox).toMatchObject({ expired: 1 });
  expect(await journal()).not.toContain(JSON.stringify({ index: "too late" }));
});

test("a full mailbox refuses with the time after which to try again, and goes on delivering", async () => {
  const before = (await daemon.status("narrow")).mailbox?.refused ?? 0;
  const busy = ask("call", { service: "narrow", method: "slow", input: { ms: 500 } });
  await waitFor(async () => (await daemon.status("narrow")).mailbox?.in_flight === 1, { what: "a call in work" });
  const codes = await ask("flood", { service: "narrow", method: "echo", times: 100 });
  expect(codes).toEqual({ done: 20, limit_exceeded: 80 });
  expect((await daemon.status("narrow")).mailbox).toMatchObject({ waiting: 20, refused: before + 80 });
  await busy;
  await waitFor(async () => (await daemon.status("narrow")).mailbox?.waiting === 0, { what: "an empty mailbox" });
});

test("an instance that dies: its call fails as unknown and is not made again, those that wait go to the next process", async () => {
  const dead = ask("call", { service: "narrow", method: "dies", input: { mark: "died" }, timeout: "20s" });
  const waiting = ask("call", {
    service: "narrow",
    method: "slow",
    input: { ms: 0, mark: "survived" },
    timeout: "20s",
  });
  expect(await dead).toMatchObject({ code: "outcome_unknown", applied: "unknown" });
  expect(await waiting).toEqual({ output: "survived" });
  const lines = await journal();
  expect(lines.filter((line) => line === "died")).toHaveLength(1);
  expect(lines.filter((line) => line === "survived")).toHaveLength(1);
});

test("five failures open the breaker of that caller alone; status and events tell, and the owner can still call", async () => {
  for (let count = 0; count < 5; count++) {
    expect(await ask("call", { service: "shaky", method: "fails" })).toMatchObject({ code: "failed" });
  }
  const refused = await ask("call", { service: "shaky", method: "echo" });
  expect(refused).toMatchObject({ code: "unhealthy", details: { circuit_breaker: "open" } });
  const { breakers } = await daemon.status("shaky");
  expect(breakers).toMatchObject([{ caller: "default/caller", state: "open", failures: 5 }]);
  expect(breakers[0]?.retry_in_ms).toBeGreaterThan(20_000);
  const opened = (await daemon.events("shaky")).filter(({ event }) => event === "circuit_breaker_opened");
  expect(opened).toMatchObject([{ subject: "default/shaky", data: { caller: "default/caller" } }]);
  const { output } = await daemon.client.call({ name: "shaky", method: "echo", input: 1 });
  expect(output).toMatchObject({ input: 1 });
});

test("a stopped service refuses at once, and what waited for it is told", async () => {
  const busy = ask("call", { service: "narrow", method: "slow", input: { ms: 20_000 }, timeout: "20s" });
  await waitFor(async () => (await daemon.status("narrow")).mailbox?.in_flight === 1, { what: "a call in work" });
  const waiting = ask("call", { service: "narrow", method: "echo", timeout: "20s" });
  await waitFor(async () => (await daemon.status("narrow")).mailbox?.waiting === 1, { what: "a call that waits" });
  await daemon.client.kill({ name: "narrow", force: true });
  expect(await waiting).toMatchObject({ code: "not_running" });
  expect(await busy).toMatchObject({ code: "outcome_unknown" });
  expect(await ask("call", { service: "narrow", method: "echo" })).toMatchObject({ code: "not_running" });
});

test("a tenant has a hundred calls in flight and no more; the owner's other operations are never refused", async () => {
  await daemon.deploy({ wide: daemon.module("wide.ts", callee, { env: { JOURNAL: "/dev/null" } }) });
  const calls = Array.from({ length: 120 }, () =>
    daemon.client.call({ name: "wide", method: "slow", input: { ms: 1_500 } }).then(
      () => "done",
      (error: unknown) => (error instanceof SoloError ? error.code : "?"),
    ),
  );
  const status = await daemon.status("wide");
  expect(status.state).toBe("ready");
  expect((await daemon.client.health({})).status).not.toBe("unhealthy");
  const codes = await Promise.all(calls);
  expect(codes.filter((code) => code === "done")).toHaveLength(100);
  expect(codes.filter((code) => code === "limit_exceeded")).toHaveLength(20);
});

test("a call that its kernel did not live to answer is unknown, and is not made by the next one", async () => {
  const mark = "over the kernel's death";
  await daemon.deploy({
    loner: daemon.module(
      "loner.ts",
      `import { defineService } from "solo";
       import { appendFileSync } from "node:fs";
       let outcome = null;
       export default defineService({
         start: (ctx) => {
           const call = () => ctx.call("callee", "slow", { ms: 60_000, mark: ${JSON.stringify(mark)} }, { timeout: "60s" });
           setTimeout(() => call().catch((error) => { outcome = error.code; }), 10);
         },
         methods: { outcome: () => outcome },
       });`,
      { allow: { call: ["callee"] } },
    ),
  });
  await waitFor(async () => (await journal()).includes(mark), { what: "the call in work" });
  await daemon.crashKernel();
  const outcome = await waitFor(
    async () => (await daemon.client.call({ name: "loner", method: "outcome" })).output ?? undefined,
    { what: "an outcome" },
  );
  expect(outcome).toBe("outcome_unknown");
  expect((await journal()).filter((line) => line === mark)).toHaveLength(1);
});

test("a Python agent calls services and is called by them, within the deadline of the call that it answers", async () => {
  const agent = join(import.meta.dir, "fixtures/sdk-agent.py");
  const sandbox = { read: [join(import.meta.dir, "../../sdk")] };
  await daemon.deploy({
    agent: { kind: "port", command: [agent], sandbox, allow: { call: ["callee", "loop", "nobody"] } },
  });
  const tell = async (input: unknown, timeout_ms = 30_000) =>
    (await daemon.client.call({ name: "agent", method: "call", input, timeout_ms })).output;
  const echoed = await tell({ service: "callee", method: "echo", input: { n: [1, 2.5, "ü"] } });
  expect(echoed).toMatchObject({ output: { input: { n: [1, 2.5, "ü"] } } });
  expect(await tell({ service: "callee", method: "note", input: { index: "from Python" }, only_send: true })).toEqual({
    output: null,
  });
  await waitFor(async () => (await journal()).includes('{"index":"from Python"}'), { what: "the message" });
  expect(await tell({ service: "stranger", method: "echo" })).toEqual({ code: "forbidden" });
  expect(await tell({ service: "nobody", method: "echo" })).toEqual({ code: "not_found" });
  expect(await tell({ service: "callee", method: "slow", input: { ms: 20_000 }, timeout: 0.1 })).toEqual({
    code: "timeout",
  });
  const nested = tell({ service: "callee", method: "slow", input: { ms: 20_000 }, timeout: 20 }, 300);
  await expect(nested).rejects.toMatchObject({ code: "timeout" });
  const { mailbox } = await waitFor(
    async () => {
      const status = await daemon.status("callee");
      return status.mailbox?.in_flight === 0 ? status : undefined;
    },
    { what: "nobody who still waits for the inner call", deadlineMs: 10_000 },
  );
  expect(mailbox).toMatchObject({ waiting: 0, in_flight: 0 });
});

test("limits.calls holds for requests of the ingress and calls together; what finds no room in the queue either gets 503", async () => {
  const code = `
    import { defineService } from "solo";
    let [inWork, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, ++inWork);
      await Bun.sleep(400);
      inWork--;
    };
    export default defineService({
      fetch: async () => { await work(); return new Response("ok"); },
      methods: { work, most: () => most },
    });`;
  const [result] = await daemon.deploy({ gate: daemon.module("gate.ts", code, { limits: { calls: 2, queue: 3 } }) });
  const { ingressPort } = daemon.env;
  const get = () => fetch(`http://127.0.0.1:${ingressPort}/`, { headers: { host: "gate.localhost" } });
  const called = daemon.client.call({ name: "gate", method: "work" });
  await waitFor(async () => (await daemon.status("gate")).mailbox?.in_flight === 1, { what: "a call in work" });
  const answers = await Promise.all(Array.from({ length: 6 }, get));
  await called;
  const statuses = answers.map(({ status }) => status).toSorted();
  expect(statuses).toEqual([200, 200, 200, 200, 503, 503]);
  expect(answers.find(({ status }) => status === 503)?.headers.get("retry-after")).toBe("1");
  expect((await daemon.client.call({ name: "gate", method: "most" })).output).toBe(2);
  expect(result?.state).toBe("ready");
});
