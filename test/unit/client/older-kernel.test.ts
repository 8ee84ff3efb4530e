import { expect, test } from "bun:test";
import { join } from "node:path";
import { SoloError } from "../../../src/api/index.ts";
import { createClient, socketTransport } from "../../../src/client/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import recorded from "./fixtures/older-kernel.json";

/**
 * What a kernel of an earlier build really answered, recorded from its socket byte by byte: a client of today works with all of
 * it, and tells what it lacks.
 */

const answers = new Map<string, string>(Object.entries(recorded.answers));
const headers = { "solo-version": recorded.build };

function client() {
  const unix = join(temporaryFolder(), "solo.sock");
  const told: string[] = [];
  Bun.serve({ unix, fetch: ({ method, url }) => answer(method, new URL(url).pathname) });
  return { told, client: createClient(socketTransport(unix), "today", (message) => told.push(message)) };
}

function answer(method: string, path: string): Response {
  const text = answers.get(`${method} ${path}`);
  if (text !== undefined) return new Response(text, { headers });
  const error = new SoloError("not_found", `there is nothing at ${path}`);
  return Response.json(error.toDocument(), { status: 404, headers });
}

test("documents have every field of today", async () => {
  const { client: kernel, told } = client();
  const status = await kernel.status({ name: "web" });
  expect(status).toMatchObject({
    state: "ready",
    sandbox: "unknown",
    breakers: [],
    instances: [{ history: [], throttle: null }],
  });
  expect((await kernel.list({})).services).toHaveLength(1);
  expect(await kernel.health({})).toMatchObject({ status: "healthy" });
  expect(await kernel.why({ name: "web" })).toMatchObject({ what: "stop" });
  expect(await kernel.version({})).toMatchObject({ name: "solo" });
  expect(told).toEqual([
    expect.stringMatching(/\(0\.1\.0\+a8d7ed3cb569\).*status lacks sandbox, .*instances\[\]\.history/),
    expect.stringMatching(/list lacks services\[\]\.sandbox/),
  ]);
});

test("streams come element by element", async () => {
  const { client: kernel } = client();
  expect(await Array.fromAsync(kernel.logs({ name: "web" }))).not.toBeEmpty();
  expect(await Array.fromAsync(kernel.events({}))).toHaveLength(3);
  expect((await Array.fromAsync(kernel.restart({ name: "web" }))).at(-1)).toMatchObject({ type: "result" });
  expect(await kernel.kill({ name: "web" })).toMatchObject({ state: "stopped" });
});

test("what it can't do is told as such", async () => {
  const { client: kernel } = client();
  expect(kernel.capabilities({})).rejects.toThrow("has no operation capabilities");
});
