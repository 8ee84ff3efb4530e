import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { Daemon, failure, waitFor } from "../support/index.ts";

setDefaultTimeout(60_000);

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const runs = "exec sleep 1000";
const flag = (name: string) => join(daemon.env.notes, name);
const gate = (name: string) => ({
  health: { readiness: { type: "exec" as const, command: ["/usr/bin/test", "-e", flag(name)], interval_ms: 20 } },
});
const journal = async (name: string) => (await Bun.file(flag(name)).text()).trim().split("\n");

describe("services of one request", () => {
  test("start in the order of their conditions", async () => {
    const log = flag("order");
    const says = (word: string, rest = runs) => `echo ${word} >> ${log}; ${rest}`;
    const [api] = await daemon.deploy({
      "o-api": daemon.shell(says("api"), {
        depends_on: { "o-db": "healthy", "o-migrate": "completed", "o-log": "started" },
      }),
      "o-migrate": daemon.shell(says("migrate", `sleep 0.2; echo migrated >> ${log}`), {
        restart: { policy: "transient" },
        depends_on: { "o-db": "healthy" },
      }),
      "o-db": daemon.shell(says("db", `sleep 0.1; touch ${flag("db-up")}; ${runs}`), gate("db-up")),
      "o-log": daemon.shell(says("log")),
    });
    expect(api?.state).toBe("ready");
    const order = (await journal("order")).filter((word) => word !== "log");
    expect(order).toEqual(["db", "migrate", "migrated", "api"]);
  });

  test("that depend on a failed one fail with its name, and the cause is told first", async () => {
    const error = await failure(
      daemon.deploy({
        "f-web": daemon.shell(runs, { depends_on: { "f-api": "healthy" }, ...gate("nothing") }),
        "f-api": daemon.shell(runs, { depends_on: { "f-db": "healthy" }, ...gate("nothing") }),
        "f-db": daemon.shell("echo broken; exit 1", gate("nothing")),
        "f-other": daemon.shell(runs),
      }),
    );
    expect(error).toMatchObject({ code: "start_failed", applied: "yes", details: { deployed: ["f-other"] } });
    expect(error.message).toContain("f-db");
    for (const name of ["f-web", "f-api", "f-db"]) {
      expect(await daemon.status(name)).toMatchObject({ state: "failed", instances: [] });
      expect(daemon.processes(name)).toEqual([]);
    }
    const alone = await failure(
      daemon.deploy({ "f-late": daemon.shell(runs, { depends_on: { "f-api": "started" } }) }),
    );
    expect(alone.message).toContain("f-api, which must be started first, is failed");
  });

  test("one of which can't be built change nothing and keep nobody waiting", async () => {
    const error = await failure(
      daemon.deploy({
        "b-first": daemon.module("broken.ts", "const = ;"),
        "b-second": daemon.shell(runs, { depends_on: { "b-first": "started" } }),
      }),
    );
    expect(error).toMatchObject({ code: "invalid_source", exit: 2, applied: "no" });
    for (const name of ["b-first", "b-second"]) {
      expect((await failure(daemon.status(name))).code).toBe("not_found");
    }
  });

  test("that are updated together wait for the new dependency, not for the old one", async () => {
    const log = flag("together");
    const db = (version: number) =>
      daemon.shell(
        `sleep 0.2; echo db${version} >> ${log}; touch ${flag(`t${version}`)}; ${runs}`,
        gate(`t${version}`),
      );
    const api = (version: number) =>
      daemon.shell(`echo api${version} >> ${log}; ${runs}`, { depends_on: { "t-db": "healthy" } });
    await daemon.deploy({ "t-api": api(1), "t-db": db(1) });
    await daemon.deploy({ "t-api": api(2), "t-db": db(2) });
    expect(await journal("together")).toEqual(["db1", "api1", "db2", "api2"]);
  });

  test("that depend on each other, on nothing known, or are named twice are refused", async () => {
    const cycle = {
      "c-a": daemon.shell(runs, { depends_on: { "c-b": "started" } }),
      "c-b": daemon.shell(runs, { depends_on: { "c-a": "started" } }),
    };
    expect(await failure(daemon.deploy(cycle))).toMatchObject({ code: "invalid_config", exit: 2 });
    const unknown = { "c-c": daemon.shell(runs, { depends_on: { nobody: "started" } }) };
    expect((await failure(daemon.deploy(unknown))).message).toContain("nobody");
    const spec = daemon.marked(daemon.shell(runs));
    const twice = daemon.client.deploy({
      services: [
        { name: "c-d", spec },
        { name: "c-d", spec },
      ],
    });
    const error = await failure(
      (async () => {
        for await (const _ of twice);
      })(),
    );
    expect(error.code).toBe("invalid_request");
  });
});

describe("a dependency that is deployed already", () => {
  test("is waited for while it starts, and a later fix of it lets the dependent in", async () => {
    await daemon.deploy({ "d-db": daemon.shell(runs, gate("d-up")) }, { wait: false });
    const deploying = daemon.deploy({ "d-api": daemon.shell(runs, { depends_on: { "d-db": "healthy" } }) });
    await daemon.until("d-api", "starting");
    expect(daemon.processes("d-api")).toEqual([]);
    await Bun.write(flag("d-up"), "");
    expect((await deploying)[0]?.state).toBe("ready");
  });

  test("that is in a crash loop at the start of a kernel is waited for until it is well", async () => {
    const works = flag("l-works");
    await Bun.write(works, "");
    const restart = { max: 0, backoff_min_ms: 50, backoff_max_ms: 50 };
    await daemon.deploy({
      "l-db": daemon.shell(`test -e ${works} || exit 1; ${runs}`, { restart }),
      "l-api": daemon.shell(runs, { depends_on: { "l-db": "started" } }),
    });
    await daemon.crashBoth();
    for (const name of ["l-db", "l-api"]) for (const pid of daemon.processes(name)) process.kill(pid, "SIGKILL");
    await waitFor(() => [...daemon.processes("l-db"), ...daemon.processes("l-api")].length === 0, {
      what: "their end",
    });
    await Bun.$`rm ${works}`;
    await daemon.start();
    await daemon.until("l-db", "crash_loop");
    await Bun.write(works, "");
    await daemon.until("l-api", "ready");
  });
});
