import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Daemon, gone, nginxCommand, redisCommand, waitFor } from "../support/index.ts";

setDefaultTimeout(90_000);

const pidOf = async (daemon: Daemon, name: string) => (await daemon.status(name)).instances[0]?.pid ?? 0;

describe("a kernel that is killed", () => {
  test("leaves services of every kind serving, and the next one adopts them with their pids", async () => {
    await using daemon = await Daemon.start();
    const { notes } = daemon.env;
    const count = `let hits = 0; export default { fetch: () => new Response(String(++hits)) };`;
    await daemon.deploy({
      web: daemon.module("web.ts", count),
      shell: daemon.shell("while :; do sleep 0.05; done"),
      redis: { kind: "command", command: redisCommand(join(notes, "redis"), "$PORT") },
      nginx: { kind: "command", command: nginxOnPort(join(notes, "nginx")) },
    });
    const names = ["web", "shell", "redis", "nginx"];
    const pids = await Promise.all(names.map((name) => pidOf(daemon, name)));
    expect(await (await daemon.env.fetch("web")).text()).toBe("1");
    await daemon.crashKernel();
    for (const [index, name] of names.entries()) {
      const status = await daemon.until(name, "ready");
      expect(status.instances).toMatchObject([{ pid: pids[index], adopted: true, restarts: 0 }]);
    }
    expect(await (await daemon.env.fetch("web")).text()).toBe("2");
    expect(await (await daemon.env.fetch("nginx")).text()).toBe("ok\n");
    for (const name of names) {
      const { instances } = await daemon.client.kill({ name });
      expect(instances[0]).toMatchObject(name === "shell" ? { signal: "SIGTERM" } : { exit_code: 0 });
      expect(daemon.processes(name)).toEqual([]);
    }
  });

  test("learns exactly how a service ended while no kernel ran, loses none of its output, and applies its policy", async () => {
    await using daemon = await Daemon.start();
    const go = join(daemon.env.notes, "go");
    const ends = (text: string, how: string) => `while [ ! -e ${go} ]; do sleep 0.01; done; echo "${text}"; ${how}`;
    await daemon.deploy({
      seven: daemon.shell(ends("last of seven", "exit 7"), { restart: { policy: "temporary" } }),
      killed: daemon.shell(ends("last of killed", "kill -9 $$"), { restart: { policy: "temporary" } }),
      done: daemon.shell(ends("last of done", "exit 0"), { restart: { policy: "transient" } }),
      again: daemon.shell(`test -e ${go} && exec sleep 1000; ${ends("last of again", "exit 3")}`),
    });
    const kernel = await daemon.kernel();
    const guardian = await daemon.guardian();
    const pids = await Promise.all(["seven", "killed", "done", "again"].map((name) => pidOf(daemon, name)));
    // Without a guardian that restarts it at once there is time for the services to end.
    process.kill(guardian, "SIGSTOP");
    process.kill(kernel, "SIGKILL");
    await Bun.write(go, "");
    for (const pid of pids) await gone(pid);
    process.kill(guardian, "SIGCONT");
    await daemon.kernel(kernel);
    expect(await daemon.until("seven", "failed")).toMatchObject({
      last_exit: { exit_code: 7, signal: null, known: true },
    });
    expect(await daemon.until("killed", "failed")).toMatchObject({
      last_exit: { exit_code: null, signal: "SIGKILL", known: true },
    });
    expect(await daemon.until("done", "completed")).toMatchObject({ last_exit: { exit_code: 0, known: true } });
    expect(await daemon.until("again", "ready")).toMatchObject({ restarts: 1, last_exit: { exit_code: 3 } });
    for (const name of ["seven", "killed", "done", "again"]) {
      expect(await daemon.logs(name)).toContain(`last of ${name}`);
    }
  });

  test("hands on what was starting, what was pausing before a restart, and what was unhealthy", async () => {
    await using daemon = await Daemon.start();
    const open = join(daemon.env.notes, "open");
    const probe = { type: "exec" as const, command: ["/usr/bin/test", "-e", open], interval_ms: 50 };
    await daemon.deploy(
      { starting: daemon.shell("exec sleep 1000", { health: { readiness: probe } }) },
      { wait: false },
    );
    const restart = { max: 1, backoff_min_ms: 400, backoff_max_ms: 400 };
    await daemon.deploy({ pausing: daemon.shell("sleep 0.12; exit 1", { restart }) }, { wait: false });
    const well = join(daemon.env.notes, "well");
    await Bun.write(well, "");
    const sick = { type: "exec" as const, command: ["/usr/bin/test", "-e", well], interval_ms: 30 };
    await daemon.deploy({ sick: daemon.shell("exec sleep 1000", { health: { readiness: sick, grace_ms: 400 } }) });
    await Bun.$`rm ${well}`;
    const sickPid = (await daemon.until("sick", "unhealthy")).instances[0]?.pid;
    const looping = await daemon.until("pausing", "crash_loop");
    const startingPid = await pidOf(daemon, "starting");
    await daemon.crashKernel();
    expect((await daemon.status("starting")).instances).toMatchObject([{ pid: startingPid, state: "starting" }]);
    expect((await daemon.status("sick")).instances).toMatchObject([{ pid: sickPid, state: "unhealthy" }]);
    const pausing = await daemon.until("pausing", ({ restarts }) => restarts > looping.restarts + 1);
    expect(pausing.instances).toMatchObject([{ id: looping.instances[0]?.id }]);
    await Bun.write(open, "");
    await Bun.write(well, "");
    expect((await daemon.until("starting", "ready")).instances).toMatchObject([{ pid: startingPid, restarts: 0 }]);
    expect((await daemon.until("sick", "ready")).instances).toMatchObject([{ pid: sickPid, restarts: 0 }]);
  });
});

describe("never a second copy", () => {
  test("of a process whose pid the killed kernel had no time to write down", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ once: daemon.shell("exec sleep 1000") });
    const pid = await pidOf(daemon, "once");
    await daemon.crashBoth();
    const database = new Database(join(daemon.env.dataDir, "kernel.db"));
    database.run("UPDATE instances SET pid = NULL, start_time = NULL, state = 'starting'");
    database.close();
    await daemon.start();
    expect((await daemon.until("once", "ready")).instances).toMatchObject([{ pid, adopted: true }]);
    expect(daemon.processes("once")).toEqual([pid]);
  });

  test("of a restarted process that could not be written down, nor of a child that an ended one left behind", async () => {
    await using daemon = await Daemon.start();
    const orphan = `setsid sleep 1000 & exec sleep 1000`;
    await daemon.deploy({ moved: daemon.shell("exec sleep 1000"), left: daemon.shell(orphan) });
    const [moved, left] = [await pidOf(daemon, "moved"), await pidOf(daemon, "left")];
    await daemon.crashBoth();
    const database = new Database(join(daemon.env.dataDir, "kernel.db"));
    database.run("UPDATE instances SET pid = 1, start_time = 1, port = 1 WHERE service = 'moved'");
    database.close();
    process.kill(left, "SIGKILL");
    await gone(left);
    await daemon.start();
    expect((await daemon.until("moved", "ready")).instances).toMatchObject([{ pid: moved, adopted: true }]);
    expect(daemon.processes("moved")).toEqual([moved]);
    const again = await daemon.until("left", ({ state, instances }) => state === "ready" && instances[0]?.pid !== left);
    expect(again.instances[0]?.adopted).toBe(false);
    await waitFor(() => daemon.processes("left").length === 2, { what: "one root and one child" });
  });

  test("when the kernel is killed again and again while services are deployed, restarted and scaled", async () => {
    await using daemon = await Daemon.start();
    const seed = Number(process.env.SOLO_TEST_SEED ?? Math.floor(Math.random() * 1e9));
    console.log(`seed ${seed}`);
    const random = mulberry(seed);
    const names = ["one", "two", "three"];
    const work = { stopped: false };
    const worker = async (name: string) => {
      for (let turn = 0; !work.stopped; turn++) {
        const choice = random();
        const program = daemon.shell(`: ${turn}; exec sleep 1000`, { replicas: 1 + Math.floor(random() * 3) });
        await (choice < 0.6
          ? daemon.deploy({ [name]: program })
          : choice < 0.8
            ? drain(daemon.client.restart({ name }))
            : drain(daemon.client.scale({ name, replicas: 1 + Math.floor(random() * 3) }))
        ).catch(() => undefined);
        await Bun.sleep(1);
      }
    };
    const workers = names.map(worker);
    for (let crash = 0; crash < 30; crash++) {
      const kernel = await daemon.kernel();
      await Bun.sleep(random() * 150);
      if (random() < 0.3) {
        process.kill(kernel, "SIGKILL");
      } else {
        // Without its guardian too: nobody is left who knows anything.
        await daemon.crashBoth();
        await daemon.start();
      }
    }
    work.stopped = true;
    await daemon.kernel();
    await Promise.all(workers);
    for (const name of names) {
      const found = await daemon.status(name).catch(() => undefined);
      if (found === undefined) continue;
      const settled = await daemon.until(
        name,
        ({ state, ready, replicas, instances }) =>
          (state === "ready" && ready === replicas && instances.length === replicas) || state === "failed",
        40_000,
      );
      const pids = settled.instances.map(({ pid }) => pid ?? 0).sort();
      await waitFor(() => daemon.processes(name).length === pids.length, { what: `${pids.length} of ${name}` });
      expect(daemon.processes(name).sort()).toEqual(pids);
    }
  });
});

describe("without guardian and kernel", () => {
  test("services serve on; the next start adopts them, with their orphans", async () => {
    await using daemon = await Daemon.start();
    const hello = `export default { fetch: () => new Response("hello") };`;
    const script = `(setsid sh -c 'trap "" TERM; while :; do sleep 0.05; done' &); while :; do sleep 0.05; done`;
    await daemon.deploy({ web: daemon.module("web.ts", hello), tree: daemon.shell(script, { stop_grace_ms: 200 }) });
    const pids = [await pidOf(daemon, "web"), await pidOf(daemon, "tree")];
    await daemon.crashBoth();
    await daemon.start();
    expect((await daemon.until("web", "ready")).instances).toMatchObject([{ pid: pids[0], adopted: true }]);
    expect((await daemon.until("tree", "ready")).instances).toMatchObject([{ pid: pids[1], adopted: true }]);
    expect(await (await daemon.env.fetch("web")).text()).toBe("hello");
    const killed = await daemon.client.kill({ name: "tree" });
    // Nobody could wait for it: its exit status is not known, and not made up.
    expect(killed.instances).toMatchObject([{ exit_code: null, signal: null }]);
    expect(daemon.processes("tree")).toEqual([]);
    process.kill(pids[0] ?? 0, "SIGKILL");
    const again = await daemon.until("web", ({ state, restarts }) => state === "ready" && restarts === 1);
    expect(again.last_exit).toMatchObject({ exit_code: null, signal: null, known: false });
  });

  test("the guardian alone may die: the kernel goes on, and reaps and stops by itself", async () => {
    await using daemon = await Daemon.start();
    const script = `(setsid sleep 1000 &); while :; do sleep 0.05; done`;
    await daemon.deploy({ tree: daemon.shell(script, { stop_grace_ms: 200 }), job: daemon.shell("exec sleep 1000") });
    const kernel = await daemon.kernel();
    process.kill(await daemon.guardian(), "SIGKILL");
    await waitFor(async () => (await daemon.client.health({})).status === "degraded", { what: "the loss to show" });
    expect(await daemon.kernel()).toBe(kernel);
    process.kill(await pidOf(daemon, "job"), "SIGKILL");
    expect(await daemon.until("job", ({ restarts, state }) => restarts === 1 && state === "ready")).toMatchObject({
      last_exit: { signal: "SIGKILL", known: true },
    });
    await daemon.client.kill({ name: "tree" });
    expect(daemon.processes("tree")).toEqual([]);
    const pid = await pidOf(daemon, "job");
    process.kill(kernel, "SIGKILL");
    await gone(kernel);
    await daemon.start();
    expect((await daemon.until("job", "ready")).instances).toMatchObject([{ pid, adopted: true }]);
  });

  test("a reboot brings the desired state back, dependencies first", async () => {
    await using daemon = await Daemon.start();
    const order = join(daemon.env.notes, "order");
    const says = (name: string, rest = "exec sleep 1000") => `echo ${name} >> ${order}; ${rest}`;
    const open = join(daemon.env.notes, "open");
    await Bun.write(open, "");
    const readiness = { type: "exec" as const, command: ["/usr/bin/test", "-e", open], interval_ms: 20 };
    await daemon.deploy({
      api: daemon.shell(says("api"), { depends_on: { db: "healthy", migrate: "completed" } }),
      db: daemon.shell(says("db"), { health: { readiness } }),
      migrate: daemon.shell(says("migrate", "exit 0"), { restart: { policy: "transient" } }),
      stopped: daemon.shell(says("stopped")),
    });
    await daemon.client.kill({ name: "stopped" });
    await Bun.$`rm ${order} ${open}`;
    await daemon.crashBoth();
    for (const pid of daemon.processes()) process.kill(pid, "SIGKILL");
    await waitFor(() => daemon.processes().length === 0, { what: "everything to be gone" });
    await daemon.start();
    await waitFor(async () => (await Bun.file(order).text()) === "db\n", { what: "db to be started" });
    expect((await daemon.status("api")).state).toBe("starting");
    // Waiting for a dependency holds up nothing else that is asked of the service.
    await drain(daemon.client.scale({ name: "api", replicas: 1, wait: false }));
    await Bun.write(open, "");
    await daemon.until("api", "ready");
    expect(await Bun.file(order).text()).toBe("db\napi\n");
    expect((await daemon.status("migrate")).state).toBe("completed");
    expect((await daemon.status("stopped")).state).toBe("stopped");
  });

  test("a process that was given the pid of an instance later is not touched", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ mine: daemon.shell("exec sleep 1000", { stop_grace_ms: 100 }) });
    const pid = await pidOf(daemon, "mine");
    await daemon.crashBoth();
    process.kill(pid, "SIGKILL");
    await gone(pid);
    const stranger = Bun.spawn(["sleep", "1000"], { stdio: ["ignore", "ignore", "ignore"], detached: true });
    const database = new Database(join(daemon.env.dataDir, "kernel.db"));
    database.run("UPDATE instances SET pid = ?, start_time = 1", [stranger.pid]);
    database.close();
    await daemon.start();
    const status = await daemon.until("mine", "ready");
    expect(status.instances[0]?.pid).not.toBe(stranger.pid);
    await daemon.client.kill({ name: "mine" });
    expect(stranger.exitCode).toBeNull();
    stranger.kill("SIGKILL");
    await stranger.exited;
  });

  test("files of instances that are gone are removed at the next start", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ kept: daemon.shell("exec sleep 1000") });
    await daemon.crashBoth();
    const fifos = join(daemon.env.dataDir, "run", "fifos");
    await Bun.$`mkfifo ${join(fifos, "lost-123456.out")}`;
    await daemon.start();
    const { instances } = await daemon.until("kept", "ready");
    expect(readdirSync(fifos).sort()).toEqual([`${instances[0]?.id}.err`, `${instances[0]?.id}.out`]);
  });
});

/** An nginx that listens on the port which Solo gives it. */
function nginxOnPort(folder: string): string[] {
  const [executable = ""] = nginxCommand(folder, 1);
  const edit = `sed -i "s/listen 127.0.0.1:[0-9]*/listen 127.0.0.1:$1/" ${folder}/nginx.conf`;
  return ["/bin/sh", "-c", `${edit}; exec ${executable} -p ${folder} -c ${folder}/nginx.conf`, "sh", "$PORT"];
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

/** A small generator whose sequence follows from its seed (mulberry32, public domain). */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
