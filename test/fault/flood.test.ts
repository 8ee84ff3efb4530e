import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { ownerKeyHeader, ownerKeyPath } from "../../src/api/index.ts";
import { pack } from "../../src/api/message-pack.ts";
import { Daemon, waitFor } from "../support/index.ts";
import { type Address, connect, noise, pour } from "../support/pour.ts";

/** What outsiders and services may send to each listener: too much, too long, or nonsense. Others must not notice. */

setDefaultTimeout(60_000);

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
  const code = `import { defineService } from "solo";
    export default defineService({ fetch: () => new Response("ok"), methods: { hi: () => "hi" } });`;
  await daemon.deploy({ calm: daemon.module("calm.ts", code) });
});
afterAll(() => daemon[Symbol.asyncDispose]());

const unix = (name: string) => ({ unix: join(daemon.env.dataDir, name) });
const ingress = () => ({ hostname: "127.0.0.1", port: daemon.env.ingressPort });
/** Others are served, by the same kernel. */
async function isWell(): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${daemon.env.ingressPort}/`, { headers: { host: "calm.localhost" } });
  expect(await response.text()).toBe("ok");
  expect((await daemon.client.call({ name: "calm", method: "hi" })).output).toBe("hi");
  expect((await daemon.status("calm")).instances[0]).toMatchObject({ state: "ready", restarts: 0 });
}

const listeners: readonly [name: string, address: () => Address][] = [
  ["the ingress", ingress],
  ["solo.sock", () => unix("solo.sock")],
  ["state.sock", () => unix("state.sock")],
  ["control.sock", () => unix("control.sock")],
];

test.each(listeners)("noise on %s ends that connection, and nothing else", async (_, address) => {
  const kernel = await daemon.kernel();
  const ends = await Promise.all(
    Array.from({ length: 20 }, (_, seed) => pour(address(), noise(seed, 65_536), 4_000_000)),
  );
  expect(ends.every(({ closed }) => closed)).toBe(true);
  await isWell();
  expect(await daemon.kernel()).toBe(kernel);
});

test.each(listeners)("hundreds of silent connections to %s take nothing from others", async (_, address) => {
  const sockets = await Promise.all(Array.from({ length: 400 }, () => connect(address(), { data() {}, error() {} })));
  await isWell();
  for (const socket of sockets) socket.terminate();
  await isWell();
});

test("a line without an end, longer than any message, is cut off by control.sock", async () => {
  const { closed } = await pour(unix("control.sock"), Buffer.alloc(65_536, "a"), 64_000_000);
  expect(closed).toBe(true);
  await isWell();
});

test("a frame that claims to be longer than any is cut off by state.sock, and so is a hello that is none", async () => {
  const claim = Buffer.alloc(4);
  claim.writeUInt32BE(0xffff_fff0);
  const long = await pour(unix("state.sock"), Buffer.concat([claim, Buffer.alloc(65_536)]), 32_000_000);
  expect(long.closed).toBe(true);
  const payload = pack([[0, "hello", { format: 1, instance: "calm", key: "guess", pid: 1, client: "x" }, 0]]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(payload.length);
  const guess = await pour(unix("state.sock"), Buffer.concat([head, payload]), 1_000_000);
  expect(guess.closed).toBe(true);
  await isWell();
});

test("a body that is longer than any operation's is refused by solo.sock, one that is no JSON too", async () => {
  const key = (await Bun.file(ownerKeyPath(join(daemon.env.dataDir, "solo.sock"))).text()).trim();
  const post = (body: BodyInit) =>
    fetch("http://localhost/v1/services/calm/call", {
      unix: join(daemon.env.dataDir, "solo.sock"),
      method: "POST",
      body,
      headers: { "content-type": "application/json", [ownerKeyHeader]: key },
    }).then(
      ({ status }) => status,
      () => 0,
    );
  expect([0, 413]).toContain(await post(Buffer.alloc(17_000_000, "a")));
  expect(await post("{")).toBe(400);
  expect(await post(`{"method": ${"[".repeat(100_000)}`)).toBe(400);
  expect(await post(Buffer.from(noise(1, 10_000)))).toBe(400);
  await isWell();
});

test("five thousand calls at once are answered or refused, none is left over, and the owner sees how it stands meanwhile", async () => {
  const calls = Array.from({ length: 5_000 }, () =>
    daemon.client.call({ name: "calm", method: "hi" }).then(
      () => "done",
      (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "?"),
    ),
  );
  expect((await daemon.client.health({})).status).not.toBe("unhealthy");
  const answers = await Promise.all(calls);
  expect([...new Set(answers)].filter((answer) => answer !== "done" && answer !== "limit_exceeded")).toEqual([]);
  expect(answers).toContain("done");
  await waitFor(async () => (await daemon.status("calm")).mailbox?.in_flight === 0, { what: "calls that have ended" });
  await isWell();
});
