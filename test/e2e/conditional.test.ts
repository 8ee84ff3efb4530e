import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ownerKeyHeader, ownerKeyPath } from "../../src/api/index.ts";
import { Daemon } from "../support/daemon.ts";

/** Changes that someone makes only if nobody else made one since they looked. */

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
  const file = daemon.env.write("web.ts", `export default { fetch: () => new Response("web") };`);
  (await daemon.env.run(["deploy", file])).expect();
});
afterAll(() => daemon[Symbol.asyncDispose]());

function ask(path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  const unix = join(daemon.env.dataDir, "solo.sock");
  const key = readFileSync(ownerKeyPath(unix), "utf8").trim();
  return fetch(`http://solo${path}`, {
    unix,
    headers: { [ownerKeyHeader]: key, ...headers },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
}

const tag = async () => (await ask("/v1/services/web")).headers.get("etag") ?? "";

test("a tag is good until what is wanted of the service changes", async () => {
  const before = await tag();
  expect(before).toMatch(/^"\d{13}"$/);
  const scaled = await ask("/v1/services/web/scale", { replicas: 2 }, { "if-match": before });
  expect(scaled.status).toBe(200);
  await scaled.text();
  const after = await tag();
  expect(after).not.toBe(before);
  const stale = await ask("/v1/services/web/kill", {}, { "if-match": before });
  expect(stale.status).toBe(412);
  expect(await stale.json()).toMatchObject({ error: { code: "conflict", applied: "no" } });
  expect((await (await ask("/v1/services/web")).json()).ready).toBe(2);
  // Looking changes nothing.
  expect(await tag()).toBe(after);
});

test("of two who looked at the same time, one changes it", async () => {
  const seen = await tag();
  const results = await Promise.all(
    [3, 1].map(async (replicas) => {
      const answer = await ask("/v1/services/web/scale", { replicas }, { "if-match": seen });
      return (await answer.text()).includes('"conflict"');
    }),
  );
  expect(results.sort()).toEqual([false, true]);
});

test("a tag that is none, and one for what can't be conditional, are refused", async () => {
  expect((await ask("/v1/services/web/kill", {}, { "if-match": "W/x" })).status).toBe(400);
  expect((await ask("/v1/services/web/call", { method: "x" }, { "if-match": '"1"' })).status).toBe(400);
  const status = await (await ask("/v1/services/web")).json();
  expect(Date.parse(status.created)).toBeLessThanOrEqual(Date.parse(status.updated));
});
