import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type SoloEnv, soloEnv } from "../support/index.ts";
import { withPrivateMounts } from "../support/private-mount.ts";
import { refused } from "./refused.ts";

/** What disks, crashes and other versions do to a data directory: it is told as what it is, and nothing is made worse. */

const findings = z.object({ findings: z.array(z.object({ name: z.string(), status: z.string() })) });

describe("kernel.db", () => {
  /** Makes a data directory with one service, whose kernel was stopped. */
  async function makeIn(env: SoloEnv): Promise<{ database: string; service: string }> {
    const service = env.write("ok.ts", `export default { fetch: () => new Response("ok") };`);
    (await env.run(["deploy", service])).expect();
    (await env.run(["stop"])).expect();
    return { database: join(env.dataDir, "kernel.db"), service };
  }

  test.each([
    ["cut short", (path: string) => truncateSync(path, 5_000)],
    ["overwritten", (path: string) => writeFileSync(path, Buffer.alloc(40_000, "garbage"))],
    ["emptied", (path: string) => truncateSync(path, 0)],
  ])("that was %s is refused by reads and changes, and left as it is", async (_, damage) => {
    await using env = soloEnv();
    const { database, service } = await makeIn(env);
    const whole = readFileSync(database);
    damage(database);
    const damaged = readFileSync(database);
    const expected = { code: "storage_corrupt", exit: 1 };
    for (const args of [["list"], ["status", "ok"], ["deploy", service], ["start"], ["start", "--foreground"]]) {
      const { message, applied } = await refused(env, args, expected);
      expect(message).toContain(database);
      expect(applied).toBe("no");
    }
    const doctor = (await env.run(["doctor", "--json"])).expect(3).json(findings).findings;
    expect(doctor).toContainEqual(expect.objectContaining({ name: "database", status: "error" }));
    expect(doctor).toContainEqual(expect.objectContaining({ name: "kernel", status: "info" }));
    expect(readFileSync(database).equals(damaged)).toBe(true);
    writeFileSync(database, whole);
    (await env.run(["start"])).expect();
    expect(await (await env.fetch("ok")).text()).toBe("ok");
  });

  test("of a newer Solo is refused by reads and changes, and left as it is", async () => {
    await using env = soloEnv();
    const { database, service } = await makeIn(env);
    const db = new Database(database);
    db.run("PRAGMA user_version = 99");
    db.close();
    for (const args of [["list"], ["status", "ok"], ["deploy", service], ["start"]]) {
      const { message } = await refused(env, args, { code: "data_too_new", exit: 6 });
      expect(message).toContain("99");
    }
  });

  test("of another program is refused", async () => {
    await using env = soloEnv();
    const { database, service } = await makeIn(env);
    truncateSync(database, 0);
    const db = new Database(database);
    db.run("CREATE TABLE theirs (x)");
    db.close();
    await refused(env, ["deploy", service], { code: "storage_corrupt", exit: 1 });
    await refused(env, ["list"], { code: "storage_corrupt", exit: 1 });
  });
});

const outcome = z.object({ code: z.int(), document: z.unknown() });

test("a full disk: services go on, reads answer, changes fail as such, and all works when there is room again", () => {
  const seen = z
    .object({
      deployed: outcome,
      listed: outcome,
      status: z.int(),
      health: outcome,
      killed: outcome,
      gone: z.boolean(),
      stayed: outcome,
      repeated: outcome,
      healthy: outcome,
      samePid: z.boolean(),
      answer: z.string(),
    })
    .parse(JSON.parse(inPrivateMounts("full-disk.ts")));
  expect(seen.deployed).toMatchObject({ code: 1, document: { error: { code: "storage_full", retryable: true } } });
  expect(seen.listed).toMatchObject({ code: 0, document: { services: [{ state: "ready" }, { state: "ready" }] } });
  expect(seen.status).toBe(0);
  expect(seen.health).toMatchObject({ code: 3, document: { status: "unhealthy" } });
  // Nobody is locked out: what can't be kept now is kept when there is room.
  expect(seen.killed).toMatchObject({ code: 0, document: { service: "doomed", state: "stopped" } });
  expect(seen.gone).toBe(true);
  expect(seen.stayed).toMatchObject({ code: 0, document: { service: "doomed", state: "stopped", instances: [] } });
  expect(seen.repeated).toMatchObject({ code: 0, document: { service: "second", state: "ready" } });
  expect(JSON.stringify(seen.healthy.document)).toContain(`{"name":"logs","status":"healthy"`);
  expect(seen).toMatchObject({ samePid: true, answer: "second" });
});

test("what needs room on a full disk changes nothing, says so and what to do, and works when there is room again", () => {
  const named = z.object({ name: z.string(), code: z.int(), document: z.unknown() });
  const seen = z
    .object({ full: z.array(named), again: z.array(named), listed: z.unknown(), same: z.boolean() })
    .parse(JSON.parse(inPrivateMounts("full-disk-operations.ts")));
  expect(seen.full.length).toBeGreaterThan(5);
  for (const { name, code, document } of seen.full) {
    const error = {
      code: "storage_full",
      applied: "no",
      retryable: true,
      hint: expect.stringContaining("free some space"),
    };
    expect({ name, code, document }).toMatchObject({ name, code: 1, document: { error } });
  }
  expect(seen.same).toBe(true);
  expect(seen.listed).toMatchObject({ services: [{ service: "st", state: "ready", ready: 1 }] });
  expect(seen.again.map(({ name, code }) => ({ name, code }))).toEqual(
    seen.full.map(({ name }) => ({ name, code: 0 })),
  );
});

test("a disk that is full before the first start is told as such", () => {
  const seen = z.array(outcome).parse(JSON.parse(inPrivateMounts("no-room.ts")));
  expect(seen).toHaveLength(3);
  for (const result of seen) expect(result).toMatchObject({ code: 1, document: { error: { code: "storage_full" } } });
});

test("a data directory that can only be read answers reads, and changes are refused", () => {
  const seen = z
    .object({ deployed: outcome, listed: outcome, status: z.int(), logs: z.int(), repeated: z.int() })
    .parse(JSON.parse(inPrivateMounts("read-only-disk.ts")));
  expect(seen.deployed).toMatchObject({ code: 1, document: { error: { code: "io_error" } } });
  expect(seen.listed).toMatchObject({ code: 0, document: { services: [{ service: "ok", state: "stopped" }] } });
  expect(seen).toMatchObject({ status: 0, logs: 0, repeated: 0 });
});

/** Runs a fixture where it may mount; it prints JSON. */
function inPrivateMounts(fixture: string): string {
  return withPrivateMounts(`${process.execPath} ${join(import.meta.dir, "fixtures", fixture)}`);
}
