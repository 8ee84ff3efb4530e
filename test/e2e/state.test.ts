import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Daemon } from "../support/index.ts";
import { stateService } from "../support/state-service.ts";

setDefaultTimeout(90_000);

/** Asks an instance for one operation on its state. */
async function ask(daemon: Daemon, name: string, operation: string, ...input: unknown[]): Promise<unknown> {
  const response = await daemon.env.fetch(name, `/${operation}`, { method: "POST", body: JSON.stringify(input) });
  const { output, error } = JSON.parse(await response.text());
  return error ?? output;
}

describe("a service's state", () => {
  test("is shared by its instances, kept apart from other services', and has every operation", async () => {
    await using daemon = await Daemon.start();
    const service = daemon.module("state.ts", stateService, { replicas: 2, env: { WATCH: "list" } });
    await daemon.deploy({ one: service, two: { ...service, replicas: 1 } });
    expect(await ask(daemon, "one", "get", "a")).toBeNull();
    expect(await ask(daemon, "one", "set", "a", { x: 1 })).toBe(1);
    for (let turn = 0; turn < 4; turn++) expect(await ask(daemon, "one", "get", "a")).toEqual({ x: 1 });
    expect(await ask(daemon, "two", "get", "a")).toBeNull();
    expect(await ask(daemon, "one", "entry", "a")).toEqual({ key: "a", value: { x: 1 }, version: 1 });
    expect(await ask(daemon, "one", "set", "a", 2, { ifVersion: 0 })).toMatchObject({
      code: "conflict",
      applied: "no",
    });
    expect(await ask(daemon, "one", "set", "a", 2, { ifVersion: 1 })).toBe(2);
    expect(await ask(daemon, "one", "increment", "a", 40)).toBe(42);
    const items = Array.from({ length: 40 }, (_, index) => index);
    await Promise.all(items.map((item) => ask(daemon, "one", "append", "list", item)));
    const list = await ask(daemon, "one", "get", "list");
    expect(Array.isArray(list) && list.toSorted((one, other) => one - other)).toEqual(items);
    await Promise.all(items.map(() => ask(daemon, "one", "move", "left", "right", 1)));
    expect(await ask(daemon, "one", "scan", { after: "a" })).toEqual([
      ["left", -40],
      ["list", list],
      ["right", 40],
    ]);
    expect(await ask(daemon, "one", "burst", 2_500)).toBe(2_500);
    expect(await ask(daemon, "one", "delete", "a")).toBe(true);
    expect(await ask(daemon, "one", "delete", "a")).toBe(false);
    expect(await ask(daemon, "one", "odd")).toEqual([true, 5, [1, 2], String(2n ** 60n), { a: 1 }, [null, null, 1.5]]);
    expect(await ask(daemon, "one", "refused")).toMatchObject({ code: "invalid_request" });
    expect(await ask(daemon, "one", "checked", 7)).toBe(7);
    expect(await ask(daemon, "one", "checked", "seven")).toMatchObject({ code: "invalid_request" });
    const seen = await ask(daemon, "one", "seen");
    expect(Array.isArray(seen) && seen.length).toBe(40);
  });

  test("outlives instances, kernels and revisions; calls wait while the kernel is away, and none is applied twice", async () => {
    await using daemon = await Daemon.start();
    const service = daemon.module("state.ts", stateService);
    await daemon.deploy({ one: service });
    expect(await ask(daemon, "one", "burst", 100)).toBe(100);
    const bursts = Promise.allSettled(Array.from({ length: 5 }, () => ask(daemon, "one", "burst", 1_000)));
    await daemon.crashKernel();
    await bursts;
    await daemon.until("one", "ready");
    // The ingress died with the kernel, and the bursts' answers with it; the instance went on with each.
    const before = Number(await ask(daemon, "one", "burst", 1));
    expect((before - 101) % 1_000).toBe(0);
    await daemon.client.kill({ name: "one" });
    await daemon.deploy({ one: daemon.module("other.ts", `${stateService} // another revision`) });
    expect(await ask(daemon, "one", "get", "burst")).toBe(before);
  });

  test("has quotas, which a deployment changes", async () => {
    await using daemon = await Daemon.start();
    const service = daemon.module("state.ts", stateService);
    await daemon.deploy({ one: { ...service, state: { max_keys: 1 } } });
    expect(await ask(daemon, "one", "set", "a", 1)).toBe(1);
    expect(await ask(daemon, "one", "set", "b", 1)).toMatchObject({ code: "limit_exceeded", applied: "no" });
    await daemon.deploy({ one: { ...service, state: { max_keys: 2 } } });
    expect(await ask(daemon, "one", "set", "b", 1)).toBe(2);
  });

  test("is migrated by one instance before any starts, when its version rises", async () => {
    await using daemon = await Daemon.start();
    const service = daemon.module("state.ts", stateService);
    await daemon.deploy({ one: service });
    for (const name of ["ada", "bob"]) await ask(daemon, "one", "set", name, 1);
    const migrating = stateService.replace(
      "start(ctx) {",
      `async migrate(state, from) {
        await state.increment("migrations");
        for await (const { key, value } of state.scan()) if (key !== "migrations") await state.set(key, { from, value });
      },
      start(ctx) {`,
    );
    const second = daemon.module("second.ts", migrating, { replicas: 3, state: { version: 2 } });
    await daemon.deploy({ one: second });
    const migrated = [
      ["ada", { from: 1, value: 1 }],
      ["bob", { from: 1, value: 1 }],
      ["migrations", 1],
    ];
    expect(await ask(daemon, "one", "scan")).toEqual(migrated);
    await daemon.client.kill({ name: "one" });
    await daemon.deploy({ one: second });
    expect(await ask(daemon, "one", "scan")).toEqual(migrated);
    await daemon.deploy({ fresh: { ...second, replicas: 1 } });
    expect(await ask(daemon, "fresh", "scan")).toEqual([]);
  });

  test("waits for a kernel that is away as long as its specification says", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ one: daemon.module("state.ts", stateService, { state: { wait_ms: 300 } }) });
    expect(await ask(daemon, "one", "set", "a", 1)).toBe(1);
    const [{ port } = {}] = (await daemon.status("one")).instances;
    await daemon.crashBoth();
    const response = await fetch(`http://127.0.0.1:${port}/set`, { method: "POST", body: '["a", 2]' });
    expect(await response.json()).toMatchObject({ error: { code: "unreachable" } });
    await daemon.start();
    await daemon.until("one", "ready");
    expect(await ask(daemon, "one", "get", "a")).toBe(1);
  });

  test("is refused to a service that says it has none", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ one: daemon.module("state.ts", stateService, { state: { mode: "stateless" } }) });
    expect(await ask(daemon, "one", "set", "a", 1)).toMatchObject({ code: "conflict", applied: "no" });
  });
});
