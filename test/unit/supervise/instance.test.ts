import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type ServiceSpecInput, SoloError, serviceSpecSchema } from "../../../src/api/index.ts";
import { type InstanceRecord, type SuperviseEvent, Supervisor } from "../../../src/supervise/index.ts";
import { type Clock, Poller, readStat, systemClock } from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { waitFor } from "../../support/wait-for.ts";

const supervisors: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const { stop } of supervisors.splice(0)) await stop();
});

/** A host that nobody asks anything. */
const unasked = () => false;

/** A supervisor over real processes, whose records, routes and events are kept in memory. */
function supervise(clock: Clock = systemClock, self: readonly string[] = []) {
  const folder = temporaryFolder();
  const folders = { fifos: join(folder, "fifos"), exits: join(folder, "exits") };
  mkdirSync(folders.exits);
  const poller = new Poller();
  const records = new Map<string, InstanceRecord>();
  const events: SuperviseEvent[] = [];
  const disk = { full: false };
  const write = (change: () => void) => {
    if (disk.full) throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    change();
  };
  const supervisor = new Supervisor(
    {
      clock,
      random: () => 0,
      poller,
      self,
      folders,
      controlSocket: join(folder, "control.sock"),
      orphanParents: () => [process.pid],
      formerExit: async () => ({ code: null, signal: null, known: false }),
      keepExit() {},
      dropExit() {},
      logs: {
        capture: ({ fifo }) => {
          // Held open for reading and writing, so that neither side waits for the other.
          const reader = Bun.spawn(["sh", "-c", `exec cat <> '${fifo}' > /dev/null`], {
            stdio: ["ignore", "ignore", "ignore"],
          });
          return { drained: async () => undefined, close: () => reader.kill("SIGKILL") };
        },
        note() {},
        tail: async () => ["the last line"],
      },
      routes: { add() {}, drain: async () => undefined, remove() {} },
      records: {
        save: (record) => write(() => records.set(record.id, record)),
        remove: (id) => write(() => records.delete(id)),
      },
      guardian: { hold() {}, drop() {} },
      tokens: { issue: () => "/token", fileOf: () => "/token", withdraw() {} },
      secrets: { deliver: () => undefined, withdraw() {}, redact: (_, text) => text },
      agents: {
        storeOf: () => {
          throw new Error("there is no agent here");
        },
        step: () => Promise.reject(new Error("there is no agent here")),
        evolve: () => "there is no agent here",
      },
      sandbox: { confine: () => ({ env: { STATE_DIRECTORY: folder } }), refusals: () => [], release() {} },
      emit: (event) => events.push(event),
    },
    () => undefined,
  );
  supervisors.push({
    async stop() {
      disk.full = false;
      for (const instance of [...supervisor.all()]) await supervisor.retire(instance, { force: true });
      poller.close();
    },
  });
  const launch = (script: string, spec: Partial<ServiceSpecInput> = {}) =>
    supervisor.launch({
      ref: { tenant: "default", name: "a" },
      revision: "r",
      spec: serviceSpecSchema.parse({ kind: "command", command: ["sh"], ...spec }),
      entry: "/bin/sh",
      command: ["/bin/sh", "-c", script],
      mentionsPort: false,
    });
  return { supervisor, records, events, disk, launch, folders };
}

/** A clock that can be set forward. */
class JumpingClock implements Clock {
  #ahead = 0;
  jumping = false;

  now(): number {
    return Date.now();
  }

  monotonic(): number {
    if (this.jumping) this.#ahead += 3_600_000;
    return performance.now() + this.#ahead;
  }
}

describe("a machine's clock that is set", () => {
  test.each([-36_000_000, 36_000_000])("by %d ms changes no duration, no pause and no judgement", async (jump) => {
    let offset = 0;
    const clock: Clock = { now: () => Date.now() + offset, monotonic: () => performance.now() };
    const { launch, events } = supervise(clock);
    const restart = { backoff_min_ms: 10, backoff_max_ms: 20, max: 3, within_ms: 60_000 };
    const instance = launch("sleep 0.05; exit 1", { restart });
    await waitFor(() => instance.restarts === 1, { what: "a first restart" });
    offset = jump;
    // The intensity counts what really was within the minute, and the pauses are as short as before.
    await waitFor(() => instance.state === "crash_loop", { what: "a crash loop" });
    const steady = launch("exec sleep 1000");
    await waitFor(() => steady.isReady, { what: "an instance" });
    offset = 0;
    expect(steady.uptimeMs).toBeWithin(0, 10_000);
    offset = 2 * jump;
    expect(steady.uptimeMs).toBeWithin(0, 10_000);
    const took = events.filter(({ event }) => event === "instance_ready").map(({ data }) => Number(data.took_ms));
    for (const ms of took) expect(ms).toBeWithin(0, 10_000);
  });
});

describe("a process that can't be ended in time", () => {
  test("is named by the failed stop; it stops being supervised once it is gone, and can be stopped again", async () => {
    const clock = new JumpingClock();
    const { supervisor, launch, records } = supervise(clock);
    const instance = launch("trap '' TERM; exec sleep 1000");
    await waitFor(() => instance.isReady, { what: "the instance" });
    const { pid } = instance;
    clock.jumping = true;
    const error = await supervisor.retire(instance).catch((thrown: unknown) => SoloError.from(thrown));
    clock.jumping = false;
    expect(error).toMatchObject({ code: "stop_failed", details: { pids: [pid] } });
    expect(instance.state).toBe("stopping");
    expect(records.get(instance.id)?.pid).toBe(pid);
    process.kill(pid ?? 0, "SIGKILL");
    await waitFor(() => instance.state === "stopped", { what: "the end" });
    expect(instance.pid).toBeNull();
    expect(records.size).toBe(0);
    expect(await supervisor.retire(instance)).toMatchObject({ pid: null });
    expect([...supervisor.all()]).toEqual([]);
  });
});

describe("while the disk is full", () => {
  test("nothing is started that could not be found again, and it is once there is room", async () => {
    const { disk, launch, events } = supervise();
    disk.full = true;
    const restart = { backoff_min_ms: 10, backoff_max_ms: 10 };
    const instance = launch("exec sleep 1000", { restart });
    expect(instance.pid).toBeNull();
    expect(instance.failure?.error?.code).toBe("storage_full");
    await waitFor(() => instance.restarts >= 3, { what: "some attempts" });
    expect(events.filter(({ event }) => event === "instance_started")).toEqual([]);
    disk.full = false;
    await waitFor(() => instance.isReady, { what: "the instance" });
  });

  test("what runs is restarted all the same: the next kernel will find it by its environment", async () => {
    const { disk, launch } = supervise();
    const instance = launch("exec sleep 1000");
    await waitFor(() => instance.isReady, { what: "the instance" });
    disk.full = true;
    process.kill(instance.pid ?? 0, "SIGKILL");
    await waitFor(() => instance.isReady && instance.restarts === 1, { what: "the restart" });
  });

  test("an end is handled all the same, though it can't be kept", async () => {
    const { disk, launch, events } = supervise();
    const instance = launch("sleep 0.2; exit 0", { restart: { policy: "temporary" } });
    await waitFor(() => instance.isReady, { what: "the instance" });
    disk.full = true;
    await waitFor(() => instance.state === "completed", { what: "the end" });
    expect(events.map(({ event }) => event)).toContain("record_failed");
  });
});

test("a start that fails carries why: a port in use, with the last lines", async () => {
  const { supervisor, launch } = supervise();
  const foreign = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const instance = launch("exec sleep 1000", { fixed_port: foreign.port, restart: { policy: "temporary" } });
  const error = await supervisor.settled(instance, new AbortController().signal).catch((thrown: unknown) => thrown);
  foreign.stop(true);
  expect(error).toMatchObject({ code: "port_in_use", exit: 6, details: { logs: ["the last line"] } });
});

test("a port that another program takes between its choice and the bind is replaced by another", async () => {
  const { launch, events } = supervise();
  // Stands for a program that lost the race: it takes its port away from itself, and fails.
  const thieves: Bun.TCPSocketListener[] = [];
  const instance = launch("sleep 0.05; exit 1");
  thieves.push(Bun.listen({ hostname: "127.0.0.1", port: instance.port, socket: { data() {} } }));
  const [first] = [instance.port];
  await waitFor(() => events.filter(({ event }) => event === "instance_started").length === 2, {
    what: "a second try",
  });
  expect(instance.port).not.toBe(first);
  expect(instance.restarts).toBe(0);
  for (const thief of thieves) thief.stop(true);
});

test("the folder of FIFOs is made again when somebody removed it", async () => {
  const { launch, folders } = supervise();
  await Bun.$`rm -rf ${folders.fifos}`;
  const instance = launch("exec sleep 1000");
  await waitFor(() => instance.isReady, { what: "the instance" });
});

test("a late end of an earlier process does not touch the present one", async () => {
  const { launch, supervisor } = supervise();
  const instance = launch("exec sleep 1000");
  await waitFor(() => instance.isReady, { what: "the instance" });
  const hello = { type: "hello", instance: instance.id, key: instance.key, pid: instance.pid ?? 0 } as const;
  const peer = supervisor.authenticate(hello, unasked);
  expect(peer).toBeDefined();
  expect(supervisor.authenticate({ ...hello, pid: 1 }, unasked)).toBeUndefined();
  expect(supervisor.authenticate({ ...hello, key: "wrong" }, unasked)).toBeUndefined();
  process.kill(instance.pid ?? 0, "SIGKILL");
  await waitFor(() => instance.restarts === 1 && instance.pid !== null, { what: "the restart" });
  peer?.receive({ type: "failed", message: "from the grave", stack: null, frame: null });
  process.kill(instance.pid ?? 0, "SIGKILL");
  await waitFor(() => instance.lastExit !== undefined && instance.restarts === 2, { what: "the second end" });
  expect(instance.failure?.reason ?? instance.lastExit?.reason).toBe("ended by SIGKILL");
});

describe("a host that is started early", () => {
  const ref = { tenant: "default", name: "a" };
  const spec = serviceSpecSchema.parse({ kind: "source", path: "/a.ts", cwd: "/" });
  const sleeper = ["/bin/sh", "-c", "exec sleep 1000"];
  const plan = { ref, revision: "r", spec, entry: "/bundle/main.js", command: [], mentionsPort: false };
  const order = { type: "run", entry: "/bundle/main.js", revision: "r" };
  const isAlive = (pid: number) => readStat(pid)?.state !== "Z" && readStat(pid) !== undefined;

  function early(overrides: Partial<ServiceSpecInput> = {}) {
    const { supervisor, folders } = supervise(systemClock, sleeper);
    const folder = temporaryFolder();
    const start = (into = folder) =>
      supervisor.startEarly(
        ref,
        serviceSpecSchema.parse({ kind: "source", path: "/a.ts", cwd: "/", ...overrides }),
        into,
      );
    const hello = (host: { id: string; key: string; process: { pid: number } }, told: unknown[]) =>
      supervisor.authenticate({ type: "hello", instance: host.id, key: host.key, pid: host.process.pid }, (message) =>
        Boolean(told.push(message)),
      );
    return { supervisor, folders, start, hello };
  }

  test.each(["before", "after"])("is told what to run when it has connected %s an instance took it", async (when) => {
    const { supervisor, start, hello } = early();
    const host = start() ?? expect.unreachable();
    const told: unknown[] = [];
    if (when === "before") expect(hello(host, told)).toBeDefined();
    await Promise.resolve();
    expect(told).toEqual([]);
    const instance = supervisor.launch(plan, host);
    if (when === "after") expect(hello(host, told)).toBeDefined();
    await Promise.resolve();
    expect(told).toEqual([order]);
    expect(instance).toMatchObject({ id: host.id, pid: host.process.pid, port: host.port, state: "starting" });
    host.dismiss();
    expect(isAlive(host.process.pid)).toBe(true);
    expect(hello(host, told)).toBeDefined();
    await Promise.resolve();
    expect(told).toEqual([order]);
  });

  test("leaves nothing when no instance takes it, and its port to the next", async () => {
    const { supervisor, folders, start, hello } = early();
    const host = start() ?? expect.unreachable();
    expect(readdirSync(folders.fifos).sort()).toEqual([`${host.id}.err`, `${host.id}.out`]);
    host.dismiss();
    host.dismiss();
    await host.process.exited;
    expect(readdirSync(folders.fifos)).toEqual([]);
    expect(hello(host, [])).toBeUndefined();
    expect([supervisor.roots.size, host.ifWaiting()]).toEqual([0, undefined]);
  });

  test("that has ended is not taken: the instance starts a process of its own", async () => {
    const { supervisor, start } = early();
    const host = start() ?? expect.unreachable();
    process.kill(host.process.pid, "SIGKILL");
    await host.process.exited;
    const instance = supervisor.launch(plan, host);
    expect(instance.id).toBe(host.id);
    expect(instance.pid).not.toBe(host.process.pid);
    expect(isAlive(instance.pid ?? 0)).toBe(true);
  });

  test("is none where it would be of no use", async () => {
    const { start, supervisor } = early();
    expect(start("/nowhere")).toBeUndefined();
    expect(supervisor.roots.size).toBe(0);
    const hosts = Array.from({ length: availableParallelism() }, () => start());
    expect(start()).toBeUndefined();
    for (const host of hosts) host?.dismiss();
    for (const overrides of [{ fixed_port: 9_000 }, { secrets: [{ name: "KEY" }] }]) {
      expect(early(overrides).start()).toBeUndefined();
    }
  });

  test("ends with its kernel", async () => {
    const { supervisor, start } = early();
    const host = start() ?? expect.unreachable();
    supervisor.release();
    await host.process.exited;
    expect(start()).toBeUndefined();
  });
});
