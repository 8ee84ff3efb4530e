import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Daemon, failure, gone, last, waitFor } from "../support/index.ts";

setDefaultTimeout(60_000);

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const quick = { backoff_min_ms: 20, backoff_max_ms: 60 };

describe("a permanent service", () => {
  test("is restarted whether it exits with 0, with 1 or by a signal, the first time at once", async () => {
    await daemon.deploy({ perm: daemon.shell("exec sleep 1000") });
    let { instances } = await daemon.status("perm");
    const endings = [
      { script: "exec sleep 1000", signal: "SIGTERM" as const, expected: { exit_code: null, signal: "SIGTERM" } },
      { script: "exec sleep 1000", signal: "SIGKILL" as const, expected: { exit_code: null, signal: "SIGKILL" } },
    ];
    for (const { signal, expected } of endings) {
      const pid = instances[0]?.pid ?? 0;
      process.kill(pid, signal);
      const status = await daemon.until("perm", (now) => now.state === "ready" && now.instances[0]?.pid !== pid);
      expect(status.last_exit).toMatchObject({ ...expected, known: true });
      ({ instances } = status);
    }
    expect(instances[0]?.restarts).toBe(2);
    for (const code of [0, 1]) {
      const once = daemon.env.write(`once-${code}`, "");
      const script = `if [ -e ${once} ]; then sleep 0.3; rm ${once}; exit ${code}; fi; exec sleep 1000`;
      await daemon.deploy({ [`exits${code}`]: daemon.shell(script) });
      const status = await daemon.until(`exits${code}`, (now) => now.restarts === 1 && now.state === "ready");
      expect(status.last_exit).toMatchObject({ exit_code: code, signal: null, known: true });
    }
  });

  test("is in a crash loop with its reason when it keeps failing, and stays in it until it was stable", async () => {
    const broken = daemon.env.write("broken", "");
    const script = `test -e ${broken} && { sleep 0.15; echo "no database" >&2; exit 3; }; exec sleep 1000`;
    const restart = { max: 2, within_ms: 2_000, ...quick };
    await daemon.deploy({ looping: daemon.shell(script, { restart }) }, { wait: false });
    const looping = await daemon.until("looping", "crash_loop");
    expect(looping.instances[0]).toMatchObject({ state: "crash_loop", reason: "exited with code 3", pid: null });
    const far = await daemon.until("looping", ({ restarts }) => restarts >= 8);
    expect(["crash_loop", "starting", "ready"]).toContain(far.state);
    const names = (await daemon.events("looping")).map(({ event }) => event);
    expect(names.filter((name) => name === "crash_loop").length).toBeGreaterThan(3);
    await Bun.write(`${broken}.gone`, "");
    await Bun.$`rm ${broken}`.quiet();
    const well = await daemon.until("looping", ({ state, uptime_ms }) => state === "ready" && uptime_ms > 2_100);
    process.kill(well.instances[0]?.pid ?? 0, "SIGKILL");
    const again = await daemon.until("looping", (now) => now.state === "ready" && now.restarts > well.restarts);
    expect((await daemon.events("looping")).at(-1)?.event).toBe("instance_ready");
    expect(again.instances[0]?.reason).toBeNull();
  });
});

describe("a transient service", () => {
  const restart = { policy: "transient" as const, ...quick };

  test("that exits with 0 is completed, for good, and a redeployment of the same content runs nothing", async () => {
    const runs = `${daemon.env.notes}/job-runs`;
    const job = (text: string) => daemon.shell(`echo ${text} >> ${runs}; exit 0`, { restart });
    const [first] = await daemon.deploy({ job: job("one") });
    expect(first).toMatchObject({ state: "completed", changed: true });
    expect(await daemon.status("job")).toMatchObject({ state: "completed", last_exit: { exit_code: 0 } });
    const [same] = await daemon.deploy({ job: job("one") });
    expect(same).toMatchObject({ state: "completed", changed: false });
    await daemon.crashKernel();
    expect(await daemon.status("job")).toMatchObject({ state: "completed" });
    expect((await daemon.deploy({ job: job("one") }))[0]).toMatchObject({ state: "completed", changed: false });
    expect(await Bun.file(runs).text()).toBe("one\n");
    expect((await daemon.deploy({ job: job("two") }))[0]).toMatchObject({ state: "completed", changed: true });
    expect(await Bun.file(runs).text()).toBe("one\ntwo\n");
  });

  test("that fails is restarted until it succeeds", async () => {
    const tries = `${daemon.env.notes}/tries`;
    const script = `echo x >> ${tries}; sleep 0.2; test $(wc -l < ${tries}) -ge 3`;
    await daemon.deploy({ retried: daemon.shell(script, { restart }) });
    const status = await daemon.until("retried", "completed");
    expect(status.restarts).toBe(2);
    expect(await Bun.file(tries).text()).toBe("x\nx\nx\n");
  });
});

describe("a temporary service", () => {
  const restart = { policy: "temporary" as const };

  test("comes to rest as completed or failed, which is its desired state from then on", async () => {
    await daemon.deploy({ once0: daemon.shell("sleep 0.2; exit 0", { restart }) });
    await daemon.deploy({ once1: daemon.shell("sleep 0.2; exit 4", { restart }) });
    await daemon.deploy({ oncekilled: daemon.shell("exec sleep 1000", { restart }) });
    process.kill((await daemon.status("oncekilled")).instances[0]?.pid ?? 0, "SIGKILL");
    await daemon.until("once0", "completed");
    expect(await daemon.until("once1", "failed")).toMatchObject({
      instances: [{ state: "failed", reason: "exited with code 4" }],
      last_exit: { exit_code: 4, signal: null },
    });
    expect(await daemon.until("oncekilled", "failed")).toMatchObject({ last_exit: { signal: "SIGKILL" } });
    await daemon.crashKernel();
    expect((await daemon.status("once0")).state).toBe("completed");
    expect((await daemon.status("once1")).state).toBe("failed");
    expect((await daemon.status("oncekilled")).state).toBe("failed");
    expect(daemon.processes("oncekilled")).toEqual([]);
  });
});

describe("a group", () => {
  /** Three services that write down when they start and stop. */
  async function deployGroup(name: string, strategy: "one_for_one" | "one_for_all" | "rest_for_one") {
    const journal = `${daemon.env.notes}/${name}.journal`;
    const names = ["a", "b", "c"].map((letter) => `${name}-${letter}`);
    const [a = "", b = "", c = ""] = names;
    const program = (member: string) =>
      daemon.shell(
        `echo "+${member}" >> ${journal}; trap 'echo "-${member}" >> ${journal}; exit 0' TERM
        while :; do sleep 0.02; done`,
        { restart: quick },
      );
    for (const member of names) await daemon.deploy({ [member]: program(member) });
    // The group is declared with the deployment of its last member; what runs already stays as it is.
    await daemon.deploy({ [c]: program(c) }, { groups: [{ name, strategy, services: names }] });
    const read = async () => (await Bun.file(journal).text()).trim().split("\n");
    const begin = (await read()).length;
    return { a, b, c, since: async () => (await read()).slice(begin).map((line) => line.replace(`${name}-`, "")) };
  }

  const pidOf = async (name: string) => (await daemon.status(name)).instances[0]?.pid ?? 0;

  test("one_for_one restarts nobody else", async () => {
    const { a, b, c, since } = await deployGroup("ofo", "one_for_one");
    const others = [await pidOf(a), await pidOf(c)];
    process.kill(await pidOf(b), "SIGKILL");
    await daemon.until(b, (status) => status.restarts === 1 && status.state === "ready");
    expect([await pidOf(a), await pidOf(c)]).toEqual(others);
    expect(await since()).toEqual(["+b"]);
  });

  test("one_for_all stops the others in reverse order and starts all in order", async () => {
    const { a, b, c, since } = await deployGroup("ofa", "one_for_all");
    process.kill(await pidOf(b), "SIGKILL");
    for (const name of [a, b, c])
      await daemon.until(name, ({ restarts, state }) => restarts === 1 && state === "ready");
    expect(await since()).toEqual(["-c", "-a", "+a", "+b", "+c"]);
  });

  test("rest_for_one leaves those before the failed one alone", async () => {
    const { a, b, c, since } = await deployGroup("rfo", "rest_for_one");
    const before = await pidOf(a);
    process.kill(await pidOf(b), "SIGKILL");
    for (const name of [b, c]) await daemon.until(name, ({ restarts, state }) => restarts === 1 && state === "ready");
    expect(await pidOf(a)).toBe(before);
    expect(await since()).toEqual(["-c", "+b", "+c"]);
  });

  test("goes on to the end when a member fails again while the group restarts, or is killed meanwhile", async () => {
    const { a, b, c } = await deployGroup("twice", "one_for_all");
    process.kill(await pidOf(a), "SIGKILL");
    const second = await waitFor(
      async () => (await daemon.status(b)).instances.find(({ restarts, pid }) => restarts > 0 && pid)?.pid,
      {
        what: "the second start of b",
      },
    );
    process.kill(second, "SIGKILL");
    for (const name of [a, b]) await daemon.until(name, ({ state, restarts }) => state === "ready" && restarts >= 2);
    await daemon.until(c, ({ state, restarts }) => state === "ready" && restarts >= 1);
    process.kill(await pidOf(c), "SIGKILL");
    await daemon.client.kill({ name: c, force: true });
    for (const name of [a, b]) await daemon.until(name, "ready");
    expect((await daemon.status(c)).state).toBe("stopped");
    for (const name of [a, b]) expect(daemon.processes(name).length).toBeGreaterThan(0);
  });
});

test("the pause of a crash loop can be ended by a restart, a deploy or a kill", async () => {
  const restart = { max: 0, backoff_min_ms: 60_000, backoff_max_ms: 60_000 };
  const fails = daemon.shell("sleep 0.15; exit 1", { restart });
  await daemon.deploy({ paused: fails }, { wait: false });
  const isPaused = ({ state, restarts }: { state: string; restarts: number }) =>
    state === "crash_loop" && restarts >= 2;
  await daemon.until("paused", isPaused);
  const good = daemon.shell("exec sleep 1000", { restart });
  expect((await daemon.deploy({ paused: good }))[0]).toMatchObject({ state: "ready", changed: true });
  await daemon.deploy({ paused2: fails }, { wait: false });
  await daemon.until("paused2", isPaused);
  expect(await daemon.client.kill({ name: "paused2" })).toMatchObject({ state: "stopped", instances: [{ pid: null }] });
  expect((await daemon.status("paused2")).state).toBe("stopped");
  await daemon.deploy({ paused3: fails }, { wait: false });
  await daemon.until("paused3", isPaused);
  const before = (await daemon.events("paused3")).filter(({ event }) => event === "instance_started").length;
  await last(daemon.client.restart({ name: "paused3" })).catch(() => undefined);
  const after = (await daemon.events("paused3")).filter(({ event }) => event === "instance_started").length;
  expect(after).toBe(before + 1);
});

test("an exit while an instance is being stopped is told once, with its code", async () => {
  await daemon.deploy({ polite: daemon.shell(`trap 'exit 7' TERM; while :; do sleep 0.02; done`) });
  const { instances } = await daemon.client.kill({ name: "polite" });
  expect(instances).toMatchObject([{ exit_code: 7, signal: null }]);
  const exits = (await daemon.events("polite")).filter(({ event }) => event === "instance_exited");
  expect(exits.map(({ data }) => data.exit_code)).toEqual([7]);
  expect((await failure(daemon.client.kill({ name: "nobody" }))).code).toBe("not_found");
  const pid = instances[0]?.pid ?? 0;
  await gone(pid);
});
