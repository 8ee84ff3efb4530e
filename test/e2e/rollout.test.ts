import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ServiceStatus, SoloError } from "../../src/api/index.ts";
import { Daemon, failure, freePort, gone, last, waitFor } from "../support/index.ts";

setDefaultTimeout(60_000);

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const says = (text: string) => `export default { fetch: () => new Response("${text}") };`;
const text = async (name: string) => (await daemon.env.fetch(name)).text();
const runs = "exec sleep 1000";

/** Looks at the number of ready instances as fast as it can; the function ends it and answers with the lowest seen. */
function watchReady(name: string): () => Promise<{ lowest: number; looks: number }> {
  const seen = { lowest: Number.POSITIVE_INFINITY, looks: 0, over: false };
  const looking = (async () => {
    while (!seen.over) {
      const { ready } = await daemon.status(name);
      seen.lowest = Math.min(seen.lowest, ready);
      seen.looks += 1;
    }
  })();
  return async () => {
    seen.over = true;
    await looking;
    return seen;
  };
}

describe("a first deploy that fails leaves nothing running, and says why", () => {
  const cases = [
    {
      name: "exits",
      spec: () => daemon.shell("echo 'no config' >&2; exit 3"),
      says: /exited with code 3/,
      logs: "no config",
    },
    { name: "ends", spec: () => daemon.shell("echo bye; exit 0"), says: /exited with code 0/, logs: "bye" },
    { name: "signalled", spec: () => daemon.shell("kill -SEGV $$"), says: /ended by SIGSEGV/ },
    {
      name: "throws",
      spec: () => daemon.module("throws.ts", `const a = 1;\nthrow new Error("no way");`),
      says: /no way/,
      logs: "error: no way",
    },
    {
      name: "late",
      spec: () => daemon.shell(runs, { health: { readiness: { type: "tcp" as const, port: 0 }, grace_ms: 200 } }),
      says: /did not get ready within 200 ms \(readiness probe: connection refused\)/,
    },
    {
      name: "loading",
      spec: () => daemon.module("loading.ts", `while (true);`, { health: { grace_ms: 300 } }),
      says: /loading did not get ready within 300 ms$/,
    },
    { name: "nowhere", spec: () => daemon.shell(runs, { cwd: join(daemon.env.root, "missing") }), says: /missing/ },
  ];
  for (const { name, spec, says: message, logs } of cases) {
    test(name, async () => {
      const error = await failure(daemon.deploy({ [name]: spec() }));
      expect(error).toMatchObject({ code: "start_failed", exit: 1, applied: "yes" });
      expect(error.message).toMatch(message);
      if (logs !== undefined) expect(error.details?.logs).toContain(logs);
      expect(error.details?.frame ?? null).toEqual(name === "throws" ? expect.stringContaining("2 | throw") : null);
      expect(daemon.processes(name)).toEqual([]);
      expect(await daemon.status(name)).toMatchObject({ state: "failed", instances: [], restarts: 0 });
      const starts = (await daemon.events(name)).filter(({ event }) => event === "instance_started");
      expect(starts.length).toBeLessThanOrEqual(1);
    });
  }

  test("an executable that vanished after it was found", async () => {
    const path = daemon.env.write("vanishing.sh", "#!/bin/sh\nexit 0\n", 0o755);
    const spec = daemon.marked({ kind: "command", command: [path], cwd: daemon.env.root });
    await daemon.deploy({ vanishing: daemon.shell(runs) });
    expect(spec.command).toEqual([path]);
    const interpreter = daemon.env.write("odd.sh", "#!/no/such/interpreter\n", 0o755);
    const error = await failure(daemon.deploy({ odd: { kind: "command", command: [interpreter] } }));
    expect(["start_failed", "not_executable", "file_not_found"]).toContain(error.code);
    expect(await daemon.status("odd").catch(() => ({ instances: [] }))).toMatchObject({ instances: [] });
  });

  test("one of several replicas fails: the others are stopped too", async () => {
    const turn = join(daemon.env.notes, "turn");
    mkdirSync(turn);
    const script = `mkdir ${turn}/1 2>/dev/null && ${runs}; mkdir ${turn}/2 2>/dev/null && ${runs}; exit 1`;
    // A program without a probe is ready when it has run for a moment, which on a busy machine the third may take to fail.
    const readiness = { type: "exec" as const, command: ["/usr/bin/test", "-e", join(turn, "3")] };
    const error = await failure(daemon.deploy({ third: daemon.shell(script, { replicas: 3, health: { readiness } }) }));
    expect(error.code).toBe("start_failed");
    expect(daemon.processes("third")).toEqual([]);
  });
});

describe("an update", () => {
  test("replaces one instance without a moment without one", async () => {
    await daemon.deploy({ solo: daemon.module("solo.ts", says("one")) });
    const stop = watchReady("solo");
    for (const version of ["two", "three", "four"]) {
      const [result] = await daemon.deploy({ solo: daemon.module("solo.ts", says(version)) });
      expect(result).toMatchObject({ state: "ready", changed: true });
      expect(await text("solo")).toBe(version);
    }
    const { lowest, looks } = await stop();
    expect(lowest).toBeGreaterThanOrEqual(1);
    expect(looks).toBeGreaterThan(10);
    expect(daemon.processes("solo").length).toBe(1);
  });

  test("replaces four instances and never has fewer than four; when the third new one fails, all are as before", async () => {
    await daemon.deploy({ four: daemon.shell(runs, { replicas: 4 }) });
    const before = daemon.processes("four").sort();
    const stop = watchReady("four");
    const turns = join(daemon.env.notes, "turns");
    mkdirSync(turns);
    const isUp = `${turns}/up-$PORT`;
    const failing = `for n in 1 2; do mkdir ${turns}/$n 2>/dev/null && touch ${isUp} && ${runs}; done; exit 1`;
    // Else a machine that is slow enough would take one that is about to fail for one that runs.
    const readiness = { type: "exec" as const, command: ["/bin/sh", "-c", `test -e ${isUp}`], interval_ms: 20 };
    const error = await failure(daemon.deploy({ four: daemon.shell(failing, { replicas: 4, health: { readiness } }) }));
    expect(error).toMatchObject({ code: "rolled_back", exit: 9, applied: "no", details: { ready: 4 } });
    const { revision, instances } = await daemon.status("four");
    expect(instances.length).toBe(4);
    expect(instances.every((instance) => instance.revision === revision && instance.state === "ready")).toBe(true);
    expect(daemon.processes("four").filter((pid) => before.includes(pid)).length).toBe(2);
    await daemon.deploy({ four: daemon.shell(`: new; ${runs}`, { replicas: 4 }) });
    const { lowest } = await stop();
    expect(lowest).toBe(4);
    expect(daemon.processes("four").length).toBe(4);
    expect(daemon.processes("four").some((pid) => before.includes(pid))).toBe(false);
  });

  test("that fails is rolled back: the same process serves on, also for the next kernel", async () => {
    await daemon.deploy({ stays: daemon.module("stays.ts", says("old")) });
    const [pid] = daemon.processes("stays");
    const error = await failure(
      daemon.deploy({ stays: daemon.module("stays.ts", `throw new Error("new is broken");`) }),
    );
    expect(error).toMatchObject({ code: "rolled_back", exit: 9, applied: "no" });
    expect(error.message).toContain("new is broken");
    expect(error.details?.frame).toContain("throw new Error");
    expect(await text("stays")).toBe("old");
    await daemon.crashKernel();
    expect(await text("stays")).toBe("old");
    expect(daemon.processes("stays")).toEqual([pid ?? 0]);
  });

  test("of the same content touches no process, even while that is still starting", async () => {
    const open = join(daemon.env.notes, "open");
    const readiness = { type: "exec" as const, command: ["/usr/bin/test", "-e", open], interval_ms: 20 };
    const spec = daemon.shell(runs, { health: { readiness } });
    await daemon.deploy({ same: spec }, { wait: false });
    const pid = await waitFor(() => daemon.processes("same")[0], { what: "its process" });
    const again = daemon.deploy({ same: spec });
    await Bun.write(open, "");
    expect((await again)[0]).toMatchObject({ state: "ready", changed: false });
    expect((await daemon.deploy({ same: spec }))[0]).toMatchObject({ state: "ready", changed: false });
    expect(daemon.processes("same")).toEqual([pid]);
  });

  test("with a fixed port stops the old instance first, and starts it again when the new one fails", async () => {
    const port = freePort();
    const server = (answer: string) => `Bun.serve({ port: ${port}, fetch: () => new Response("${answer}") });`;
    const fixed = (code: string) => daemon.module("fixed.ts", code, { fixed_port: port });
    await daemon.deploy({ fixed: fixed(server("one")) });
    await daemon.deploy({ fixed: fixed(server("two")) });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("two");
    const error = await failure(daemon.deploy({ fixed: fixed(`throw new Error("broken");`) }));
    expect(error.code).toBe("rolled_back");
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("two");
  });

  test("to no instances at all is what the next kernel finds", async () => {
    await daemon.deploy({ none: daemon.shell(runs, { replicas: 2 }) });
    const [result] = await daemon.deploy({ none: daemon.shell(`: other; ${runs}`, { replicas: 0 }) });
    expect(result).toMatchObject({ instances: [], state: "stopped" });
    const { revision } = await daemon.status("none");
    expect(revision).toBe(result?.revision ?? "");
    await daemon.crashKernel();
    expect(await daemon.status("none")).toMatchObject({ revision, replicas: 0, instances: [] });
    expect(daemon.processes("none")).toEqual([]);
  });

  test("asked for several times at once ends with one of them, running once", async () => {
    const texts = ["a", "b", "c", "d"];
    const deploys = texts.map((version, index) =>
      daemon.deploy({ racing: daemon.module(`racing-${index}.ts`, says(version)) }),
    );
    for (const result of await Promise.all(deploys)) expect(result[0]?.state).toBe("ready");
    expect(texts).toContain(await text("racing"));
    expect(daemon.processes("racing").length).toBe(1);
  });
});

describe("a deploy that nobody waits for", () => {
  const slow = (open: string) => ({
    health: { readiness: { type: "exec" as const, command: ["/usr/bin/test", "-e", open], interval_ms: 20 } },
  });

  test("goes on after its timeout", async () => {
    const open = join(daemon.env.notes, "open-late");
    const error = await failure(daemon.deploy({ slow: daemon.shell(runs, slow(open)) }, { timeout_ms: 200 }));
    expect(error).toMatchObject({ code: "timeout", exit: 8, applied: "yes" });
    await Bun.write(open, "");
    await daemon.until("slow", "ready");
  });

  test("goes on when its client goes away", async () => {
    await daemon.deploy({ left: daemon.shell(runs) });
    const open = join(daemon.env.notes, "open-left");
    const leaving = new AbortController();
    const spec = daemon.marked(daemon.shell(`: two; ${runs}`, slow(open)));
    const stream = daemon.client.deploy({ services: [{ name: "left", spec }] }, leaving.signal);
    for await (const progress of stream) {
      if (progress.type === "phase" && progress.phase === "start") break;
    }
    leaving.abort();
    await Bun.write(open, "");
    const { revision } = await daemon.until(
      "left",
      ({ instances, state }) => instances.length === 1 && state === "ready" && instances[0]?.restarts === 0,
    );
    await waitFor(async () => (await daemon.events("left")).some(({ event }) => event === "rollout_completed"), {
      what: "the rollout",
    });
    expect((await daemon.status("left")).instances[0]?.revision).toBe((await daemon.status("left")).revision);
    expect(revision).toBeString();
  });

  test("is answered at once, durably", async () => {
    const open = join(daemon.env.notes, "never-opened");
    const [result] = await daemon.deploy({ queued: daemon.shell(runs, slow(open)) }, { wait: false });
    expect(result).toMatchObject({ state: "starting", changed: true });
    await daemon.crashKernel();
    expect(await daemon.status("queued")).toMatchObject({ state: "starting", revision: result?.revision ?? "" });
  });
});

describe("an update that was accepted", () => {
  const gated = (version: string, open: string, replicas = 1) =>
    daemon.shell(`: ${version}; ${runs}`, {
      replicas,
      health: { readiness: { type: "exec", command: ["/usr/bin/test", "-e", open], interval_ms: 20 } },
    });
  const isOf =
    (revision: string | undefined, count = 1) =>
    ({ revision: current, instances }: ServiceStatus) =>
      current === revision && instances.length === count && instances.every((one) => one.revision === revision);

  test.each(["crash", "stop"])("is finished by the next kernel after a %s", async (end) => {
    await using machine = await Daemon.start();
    const open = join(machine.env.notes, "open");
    await machine.deploy({ web: machine.shell(runs, { replicas: 2 }) });
    const old = machine.processes("web").sort();
    const [answer] = await machine.deploy({ web: gated("two", open, 3) }, { wait: false });
    await machine.until("web", ({ instances }) => instances.length > 2);
    if (end === "crash") await machine.crashKernel();
    else {
      const kernel = await machine.kernel();
      await machine.client.shutdown({ keep_services: true });
      await gone(kernel);
      await machine.start();
    }
    await machine.until("web", ({ instances }) => instances.length > 2);
    expect(old.every((pid) => machine.processes("web").includes(pid))).toBe(true);
    await Bun.write(open, "");
    expect(await machine.until("web", isOf(answer?.revision, 3))).toMatchObject({ state: "ready", replicas: 3 });
    expect(machine.processes("web").some((pid) => old.includes(pid))).toBe(false);
    await machine.crashKernel();
    expect(await machine.until("web", isOf(answer?.revision, 3))).toMatchObject({ state: "ready" });
  });

  test("keeps what was replaced before its kernel died", async () => {
    await using machine = await Daemon.start();
    const [first, rest] = [join(machine.env.notes, "first"), join(machine.env.notes, "rest")];
    await machine.deploy({ web: machine.shell(runs, { replicas: 4 }) });
    const isFirst = `mkdir ${first} 2>/dev/null && echo $PORT >${first}/port; grep -qx $PORT ${first}/port`;
    const probe = `test -e ${rest} || { ${isFirst}; }`;
    const readiness = { type: "exec" as const, command: ["/bin/sh", "-c", probe], interval_ms: 20 };
    const next = machine.shell(`: two $PORT; ${runs}`, { replicas: 4, health: { readiness } });
    await machine.deploy({ web: next }, { wait: false });
    const isHalf = ({ instances, revision }: ServiceStatus) =>
      instances.some((one) => one.revision !== revision && one.state === "ready") &&
      instances.some((one) => one.revision !== revision && one.state === "starting");
    const half = await machine.until("web", isHalf);
    const kept = half.instances.find((one) => one.revision !== half.revision && one.state === "ready");
    await machine.crashKernel();
    await Bun.write(rest, "");
    const done = await machine.until("web", ({ revision, instances }) => {
      const isNew = revision !== half.revision && instances.every((one) => one.revision === revision);
      return isNew && instances.length === 4 && instances.every(({ state }) => state === "ready");
    });
    expect(done.instances.map(({ pid }) => pid)).toContain(kept?.pid ?? 0);
  });

  test("and fails under the next kernel is undone there", async () => {
    await using machine = await Daemon.start();
    const open = join(machine.env.notes, "open");
    await machine.deploy({ web: machine.shell(runs) });
    const [pid] = machine.processes("web");
    const { revision } = await machine.status("web");
    const broken = `while [ ! -e ${open} ]; do sleep 0.02; done; exit 3`;
    const readiness = { type: "exec" as const, command: ["/bin/false"], interval_ms: 20 };
    await machine.deploy({ web: machine.shell(broken, { health: { readiness } }) }, { wait: false });
    await machine.until("web", ({ instances }) => instances.length === 2);
    await machine.crashKernel();
    await Bun.write(open, "");
    const hasEvent = async () => (await machine.events("web")).some(({ event }) => event === "rollout_rolled_back");
    await waitFor(hasEvent, { what: "the roll-back" });
    expect(await machine.until("web", isOf(revision))).toMatchObject({ state: "ready", instances: [{ pid }] });
    await machine.crashKernel();
    expect(await machine.until("web", isOf(revision))).toMatchObject({ instances: [{ pid }] });
  });

  test("behind another one is what the next kernel goes on with, unless it was killed", async () => {
    await using machine = await Daemon.start();
    const open = join(machine.env.notes, "open");
    const latest = await Promise.all(
      ["web", "gone"].map(async (name) => {
        await machine.deploy({ [name]: machine.shell(runs) });
        await machine.deploy({ [name]: gated("two", open) }, { wait: false });
        const [answer] = await machine.deploy({ [name]: gated("three", open) }, { wait: false });
        return answer?.revision;
      }),
    );
    await machine.client.kill({ name: "gone" });
    await machine.crashKernel();
    await Bun.write(open, "");
    await machine.until("web", isOf(latest[0]));
    expect(await machine.status("gone")).toMatchObject({ state: "stopped", instances: [] });
  });
});

describe("what deploys leave behind", () => {
  const artifacts = () => readdirSync(join(daemon.env.dataDir, "artifacts"));

  test("is removed but for the latest revisions, and can be deployed again", async () => {
    const before = artifacts().length;
    const version = (count: number) => daemon.module("many.ts", says(`version ${count}`));
    for (let count = 0; count < 14; count++) await daemon.deploy({ many: version(count) });
    expect(artifacts().length).toBeGreaterThan(before + 10);
    await waitFor(() => artifacts().length <= before + 10, { what: "the sweep" });
    await daemon.deploy({ many: version(0) });
    expect(await text("many")).toBe("version 0");
  });

  test("is removed when the deploy was refused after it was built", async () => {
    const before = new Set(artifacts());
    const isAdded = (name: string) => !before.has(name);
    const good = daemon.module("good.ts", says("never deployed"));
    await failure(daemon.deploy({ good, bad: daemon.module("bad.ts", "export default {") }));
    await waitFor(() => artifacts().some(isAdded), { what: "the artifact" });
    await waitFor(() => !artifacts().some(isAdded), { what: "the sweep" });
  });
});

describe("scaling", () => {
  test("adds and removes instances, down to none and up again", async () => {
    await daemon.deploy({ scaled: daemon.module("scaled.ts", says("here")) });
    const [first] = daemon.processes("scaled");
    for (const replicas of [4, 2, 0, 1]) {
      const { services } = await last(daemon.client.scale({ name: "scaled", replicas }));
      expect(services[0]?.instances.length).toBe(replicas);
      expect(daemon.processes("scaled").length).toBe(replicas);
      if (replicas > 1) expect(daemon.processes("scaled")).toContain(first ?? 0);
    }
    expect(await text("scaled")).toBe("here");
    const same = await last(daemon.client.scale({ name: "scaled", replicas: 1 }));
    expect(same.services[0]?.changed).toBe(false);
  });

  test("of a service that is stopped, or listens on one fixed port, is refused", async () => {
    await daemon.deploy({ halted: daemon.shell(runs) });
    await daemon.client.kill({ name: "halted" });
    expect(await failure(last(daemon.client.scale({ name: "halted", replicas: 2 })))).toMatchObject({
      code: "not_running",
      exit: 3,
    });
    const port = freePort();
    const server = `Bun.serve({ port: ${port}, fetch: () => new Response("x") });`;
    await daemon.deploy({ single: daemon.module("single.ts", server, { fixed_port: port }) });
    expect((await failure(last(daemon.client.scale({ name: "single", replicas: 2 })))).code).toBe("invalid_request");
    expect((await daemon.status("single")).replicas).toBe(1);
  });

  test("down takes those that are least use first", async () => {
    const bad = join(daemon.env.notes, "bad");
    const readiness = { type: "exec" as const, command: ["/bin/sh", "-c", `! grep -qx $PORT ${bad}`], interval_ms: 30 };
    await Bun.write(bad, "");
    const spec = daemon.shell(`: $PORT; ${runs}`, { replicas: 3, health: { readiness } });
    await daemon.deploy({ picky: spec });
    const [oldest, ...others] = (await daemon.status("picky")).instances;
    await Bun.write(bad, `${oldest?.port}\n`);
    await daemon.until("picky", ({ ready }) => ready === 2);
    await last(daemon.client.scale({ name: "picky", replicas: 2 }));
    const kept = (await daemon.status("picky")).instances.map(({ id }) => id);
    expect(kept).toEqual(others.map(({ id }) => id));
  });
});

test("a dry run changes nothing", async () => {
  const before = (await daemon.client.list({})).services.length;
  const [planned] = await daemon.deploy({ planned: daemon.shell(runs) }, { dry_run: true });
  expect(planned).toMatchObject({ changed: true, instances: [] });
  expect((await daemon.client.list({})).services.length).toBe(before);
  await daemon.deploy({ actual: daemon.shell(runs) });
  expect((await daemon.deploy({ actual: daemon.shell(runs) }, { dry_run: true }))[0]?.changed).toBe(false);
  expect((await daemon.deploy({ actual: daemon.shell(`: 2; ${runs}`) }, { dry_run: true }))[0]?.changed).toBe(true);
  expect((await failure(daemon.deploy({ bad: { kind: "source", path: "/no/such.ts" } }, { dry_run: true }))).exit).toBe(
    2,
  );
});

test("two services that are deployed for the first time at once can't have one host either", async () => {
  const attempts = ["left-half", "right-half"].map((name) =>
    daemon.deploy({ [name]: daemon.module(`${name}.ts`, says(name), { hosts: ["halves.localhost"] }) }).then(
      () => "deployed",
      ({ code }: SoloError) => code,
    ),
  );
  expect((await Promise.all(attempts)).sort()).toEqual(["conflict", "deployed"]);
});

test("an answer that comes before the start names the address if it is known", async () => {
  const spec = daemon.module("again.ts", says("again"));
  const [first] = await daemon.deploy({ again: spec });
  await daemon.client.kill({ name: "again" });
  expect((await daemon.deploy({ again: spec }, { wait: false }))[0]?.url).toBe(first?.url ?? "");
  await daemon.until("again", "ready");
  await daemon.client.kill({ name: "again" });
  await daemon.crashKernel();
  expect((await daemon.deploy({ again: spec }, { wait: false }))[0]?.url).toBe(first?.url ?? "");
  const [program] = await daemon.deploy({ program: daemon.shell(`: $PORT; ${runs}`) }, { wait: false });
  expect(program?.url).toContain("http://program.localhost");
  expect((await daemon.deploy({ worker: daemon.shell(runs) }, { wait: false }))[0]?.url).toBeNull();
});

test("two services can't have one host, whoever comes first", async () => {
  await daemon.deploy({ owner: daemon.module("owner.ts", says("owner"), { hosts: ["shop.localhost"] }) });
  const thief = daemon.module("thief.ts", says("thief"), { hosts: ["SHOP.localhost"] });
  expect(await failure(daemon.deploy({ thief }))).toMatchObject({ code: "conflict", exit: 6 });
  const pair = daemon.module("pair.ts", says("pair"), { hosts: ["pair.localhost"] });
  expect((await failure(daemon.deploy({ left1: pair, right1: pair }))).code).toBe("conflict");
});
