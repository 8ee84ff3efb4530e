import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readStat } from "../../src/system/index.ts";
import { Daemon, waitFor } from "../support/index.ts";

setDefaultTimeout(60_000);

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const counter = (name: string) => `${daemon.env.notes}/${name}.count`;
const countOf = (name: string) => (existsSync(counter(name)) ? Number(readFileSync(counter(name), "utf8")) : 0);

/** Counts for ever, beside a process more than it may have. */
function greedy(name: string) {
  const script = `sleep 1000 & i=0; while :; do i=$((i+1)); echo $i > ${counter(name)}; done`;
  return { ...daemon.shell(script), limits: { processes: 1, action: "throttle" as const } };
}

async function eventsOf(name: string, event: string) {
  return (await daemon.events(name)).filter((one) => one.event === event);
}

/** Resolves once the service is slowed down; to the pid of its process. */
async function slowedDown(name: string): Promise<number> {
  const instance = await waitFor(
    async () => (await daemon.status(name)).instances.find(({ throttle }) => throttle !== null),
    { what: `${name} to be slowed down` },
  );
  return instance.pid ?? 0;
}

const stopped = (pid: number) =>
  waitFor(async () => readStat(pid)?.state === "T" || undefined, { what: "a pause", deadlineMs: 20_000 });

describe("action throttle", () => {
  test("stops and continues the tree of what passed a limit, says so, and does not tell it again each second", async () => {
    await daemon.deploy({ greedy: greedy("greedy") });
    const pid = await slowedDown("greedy");
    await stopped(pid);
    const before = countOf("greedy");
    await waitFor(async () => countOf("greedy") > before, { what: "it to go on" });
    const { history } = (await waitFor(
      async () => (await daemon.status("greedy")).instances.find((one) => one.history.length >= 4),
      { what: "a history" },
    )) ?? { history: [] };
    expect(history.at(-1)).toMatchObject({ processes: 2 });
    const violations = await eventsOf("greedy", "resource_violation");
    expect(violations.map(({ data }) => data)).toEqual([
      { resource: "processes", current: 2, limit: 1, action: "throttle" },
    ]);
    expect((await eventsOf("greedy", "throttle_began")).map(({ data }) => data)).toEqual([{ share: 0.25 }]);
  });

  test("the death of guardian and kernel within a pause leaves nothing stopped once there is a kernel again", async () => {
    const pid = await slowedDown("greedy");
    await stopped(pid);
    await daemon.crashBoth();
    const before = countOf("greedy");
    await daemon.start();
    await waitFor(async () => countOf("greedy") > before, { what: "it to go on" });
    expect((await daemon.status("greedy")).instances[0]).toMatchObject({ pid, adopted: true });
  });

  test("a service that is stopped while it is slowed down ends at SIGTERM, with all its processes", async () => {
    const pid = await slowedDown("greedy");
    await stopped(pid);
    const { instances } = await daemon.client.kill({ name: "greedy" });
    expect(instances).toMatchObject([{ pid }]);
    expect(instances[0]?.signal).not.toBe("SIGKILL");
    // One whose guardian had died is reaped by whoever has it now.
    expect(readStat(pid)?.state ?? "Z").toBe("Z");
  });

  test("a service that is slowed down gets no new calls and requests, and says when to try again", async () => {
    const code = `import { defineService } from "solo"; export default defineService({
      fetch: () => new Response("hi"), methods: { hi: () => "hi" } });`;
    const limits = { memory_bytes: 2_000_000, action: "throttle" as const };
    await daemon.deploy({ large: daemon.module("large.ts", code, { limits }) });
    await slowedDown("large");
    await expect(daemon.client.call({ name: "large", method: "hi" })).rejects.toMatchObject({
      code: "limit_exceeded",
      details: { bound: "throttle", retry_after_ms: 1_000 },
    });
    const headers = { host: "large.localhost" };
    const answer = await fetch(`http://127.0.0.1:${daemon.env.ingressPort}/`, { headers });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await answer.text()).toContain("slowed down");
    const { state, instances } = await daemon.status("large");
    expect(state).toBe("ready");
    expect(instances[0]?.history.at(-1)?.memory_bytes).toBeGreaterThan(2_000_000);
  });
});

test("bytes on the disk count for the service as a whole", async () => {
  const script = "head -c 3000000 /dev/zero | tr '\\\\0' x | fold -w 200; exec sleep 1000";
  await daemon.deploy({ writer: { ...daemon.shell(script), limits: { disk_bytes: 1_500_000, action: "warn" } } });
  const [violation] = await waitFor(
    async () => {
      const events = await eventsOf("writer", "resource_violation");
      return events.length > 0 ? events : undefined;
    },
    { what: "the violation", deadlineMs: 30_000 },
  );
  expect(violation).toMatchObject({
    subject: "default/writer",
    data: { resource: "disk", limit: 1_500_000, action: "warn" },
  });
  expect((await daemon.status("writer")).state).toBe("ready");
});

test("a queue that fills is told of, and one that is full as a violation: the rest is refused", async () => {
  const code = `import { defineService } from "solo";
    export default defineService({ methods: {
      wait: () => Bun.sleep(3_000),
      flood: async (times, ctx) => {
        let refused = 0;
        const send = () => ctx.send("busy", "wait").catch(() => { refused++; });
        await Promise.all(Array.from({ length: times }, send));
        return refused;
      },
    } });`;
  await daemon.deploy({ busy: daemon.module("busy.ts", code, { limits: { calls: 1, queue: 10 } }) });
  const flood = async (times: number) => {
    await daemon.deploy({ floods: daemon.module("floods.ts", code, { allow: { call: ["busy"] } }) });
    return (await daemon.client.call({ name: "floods", method: "flood", input: times })).output;
  };
  expect(await flood(50)).toBe(39);
  const data = await waitFor(
    async () =>
      (await eventsOf("busy", "resource_violation"))
        .map((event) => event.data)
        .find(({ resource }) => resource === "queue"),
    { what: "the violation" },
  );
  expect(data).toMatchObject({ resource: "queue", limit: 10, action: "throttle" });
  await waitFor(
    async () => (await eventsOf("busy", "resource_warning")).find((event) => event.data.resource === "calls"),
    { what: "the warning of calls in work" },
  );
  await daemon.client.kill({ name: "busy", force: true });
});

test("restarts that come close to a crash loop are told of", async () => {
  const restart = { max: 5, within_ms: 60_000, backoff_min_ms: 10, backoff_max_ms: 20 };
  const file = `${daemon.env.notes}/falls`;
  const script = `sleep 0.5; n=$(cat ${file} 2>/dev/null || echo 0); echo $((n+1)) > ${file}; [ $n -ge 4 ] && exec sleep 1000; exit 1`;
  await daemon.deploy({ falls: { ...daemon.shell(script), restart } }, { wait: false });
  const warning = await waitFor(
    async () => (await eventsOf("falls", "resource_warning")).find(({ data }) => data.resource === "restarts"),
    { what: "the warning", deadlineMs: 30_000 },
  );
  expect(warning.data).toMatchObject({ resource: "restarts", limit: 5 });
});
