import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Caller, SoloError } from "../../../../src/api/index.ts";
import { type AccessRequest, Idempotency } from "../../../../src/kernel/access/index.ts";
import { type KernelDatabase, openDatabase } from "../../../../src/kernel/database/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** What is promised of requests under a key, over a real kernel.db. */

const folder = temporaryFolder();
let database: KernelDatabase;
let now = 1_000_000;
let count = 0;

beforeEach(() => {
  database?.close();
  database = openDatabase(join(folder, `${++count}.db`));
});
afterAll(() => database.close());

const owner: Caller = { kind: "owner", request_id: "r" };
const request = (input: object, caller: Caller = owner): AccessRequest => ({
  caller,
  operation: "kill",
  permission: "operate",
  tenant: "default",
  names: ["shop"],
  changes: true,
  input,
});
const shop = request({ tenant: "default", name: "shop" });

/** As each kernel opens it. */
const open = () =>
  new Idempotency({
    records: database.idempotency,
    now: () => now,
    onFailure: (error) => {
      throw error;
    },
  });

/** Begins an attempt. */
async function first(idempotency: Idempotency, asked = shop, key = "k", keeps = true) {
  const turn = await idempotency.turn(asked, key, keeps);
  if ("attempt" in turn) return turn.attempt;
  throw new Error("it was done before");
}

async function codeOf(turn: Promise<unknown>): Promise<string> {
  try {
    await turn;
  } catch (thrown) {
    if (thrown instanceof SoloError) return thrown.code;
    throw thrown;
  }
  throw new Error("it did not fail");
}

describe("a key", () => {
  test("has one attempt, and gives its answer ever after, to the next kernel too", async () => {
    const idempotency = open();
    (await first(idempotency)).succeed({ state: "stopped" });
    expect(await idempotency.turn(shop, "k", true)).toEqual({ answer: { state: "stopped" } });
    const reordered = request({ name: "shop", tenant: "default" });
    expect(await open().turn(reordered, "k", true)).toEqual({ answer: { state: "stopped" } });
  });

  test("is one caller's", async () => {
    const idempotency = open();
    const capability = {
      id: "cap-1",
      tenant: "default",
      resource: "tenant",
      permissions: [],
      holder: null,
      expires_ms: null,
    };
    const other: Caller = { kind: "capability", request_id: "r", capability: { ...capability, rates: [] } };
    (await first(idempotency)).succeed(1);
    (await first(idempotency, request({ name: "shop" }, other))).succeed(2);
    expect(await idempotency.turn(shop, "k", true)).toEqual({ answer: 1 });
  });

  test("is refused for anything else", async () => {
    const idempotency = open();
    const attempt = await first(idempotency);
    expect(await codeOf(idempotency.turn(request({ tenant: "default", name: "bank" }), "k", true))).toBe("conflict");
    attempt.succeed(null);
    expect(await codeOf(idempotency.turn({ ...shop, operation: "restart" }, "k", true))).toBe("conflict");
  });

  test("lets others wait for the attempt that is under way", async () => {
    const idempotency = open();
    const attempt = await first(idempotency);
    const waiting = [1, 2, 3].map(() => idempotency.turn(shop, "k", true));
    attempt.succeed("done");
    expect(await Promise.all(waiting)).toEqual([{ answer: "done" }, { answer: "done" }, { answer: "done" }]);
  });

  test("is free again when nothing was changed: one of those that wait is next", async () => {
    const idempotency = open();
    const attempt = await first(idempotency);
    const waiting = [1, 2].map(() => idempotency.turn(shop, "k", true));
    attempt.fail(new SoloError("not_found", "there is no shop"));
    const next = await Promise.race(waiting);
    if (!("attempt" in next)) throw new Error("nobody is next");
    next.attempt.succeed("done");
    expect((await Promise.all(waiting)).filter((turn) => "answer" in turn)).toEqual([{ answer: "done" }]);
  });

  test("gives a failure again that changed something", async () => {
    const idempotency = open();
    (await first(idempotency)).fail(new SoloError("stop_failed", "it lives", { applied: "yes", hint: "look" }));
    expect(await codeOf(open().turn(shop, "k", true))).toBe("stop_failed");
  });

  test("whose attempt a crash interrupted is of unknown outcome", async () => {
    await first(open());
    expect(await codeOf(open().turn(shop, "k", true))).toBe("outcome_unknown");
  });

  test("is forgotten after a day, and counts until then", async () => {
    const idempotency = open();
    (await first(idempotency)).succeed(1);
    now += 86_400_000 - 1;
    expect(await idempotency.turn(shop, "k", true)).toEqual({ answer: 1 });
    now += 60_002;
    (await first(idempotency)).succeed(2);
  });
});

test("a secret is not kept, nor what is too long: it is said that it was done", async () => {
  const idempotency = open();
  (await first(idempotency, shop, "secret", false)).succeed({ token: "solo_cap_x" });
  expect(await codeOf(idempotency.turn(shop, "secret", false))).toBe("conflict");
  (await first(idempotency, shop, "long")).succeed("x".repeat(300_000));
  expect(await codeOf(idempotency.turn(shop, "long", true))).toBe("conflict");
  expect(database.idempotency.usage("default").bytes).toBeLessThan(100);
});

test("there is an end to how many are remembered, and one tenant's do not count for another", async () => {
  const idempotency = open();
  database.transaction(() => {
    for (let n = 0; n < 10_000; n++) {
      const record = { tenant: "default", operation: "kill", digest: "d", created: now };
      database.idempotency.begin({ owner: "owner", key: `k${n}` }, record);
    }
  });
  expect(await codeOf(idempotency.turn(shop, "new", true))).toBe("limit_exceeded");
  await first(idempotency, { ...shop, tenant: "acme" }, "new");
});
