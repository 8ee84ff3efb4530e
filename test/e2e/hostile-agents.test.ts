import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { Daemon, failure, waitFor } from "../support/index.ts";

/** Whatever an agent writes, the kernel answers with an `error` frame, and goes on: with it, and with everyone else. */

setDefaultTimeout(60_000);

const agent = join(import.meta.dir, "fixtures/hostile-agent.py");
const sandbox = { read: [join(import.meta.dir, "../../sdk/python")] };

let daemon: Daemon;
let kernel: number;
beforeAll(async () => {
  daemon = await Daemon.start();
  kernel = await daemon.kernel();
  await daemon.deploy({ hostile: { kind: "port", sandbox, command: [agent] } });
});
afterAll(async () => {
  expect(await daemon.kernel()).toBe(kernel);
  await daemon[Symbol.asyncDispose]();
});

const ask = async (method: string, name = "hostile") =>
  (await daemon.client.call({ name, method, timeout_ms: 10_000 })).output;

const heardSchema = z.object({
  errors: z.array(z.tuple([z.string(), z.string().nullable()])),
  greetings: z.int(),
});
const heard = async (timeout_ms = 10_000) =>
  heardSchema.parse((await daemon.client.call({ name: "hostile", method: "errors", timeout_ms })).output);

/** What the agent is told, and whether the frames after it are read, as they must be. */
const misdeeds: [deed: string, code: string, reason: string | null][] = [
  ["no-value", "INVALID_MESSAGE", "malformed"],
  ["cut-off", "INVALID_MESSAGE", "truncated"],
  ["empty", "INVALID_MESSAGE", "truncated"],
  ["trailing", "INVALID_MESSAGE", "malformed"],
  ["extension", "INVALID_MESSAGE", "extension"],
  ["deep", "INVALID_MESSAGE", "too_deep"],
  ["no-map", "INVALID_MESSAGE", "malformed"],
  ["no-type", "INVALID_MESSAGE", "missing_field"],
  ["no-timestamp", "INVALID_MESSAGE", "wrong_field"],
  ["unknown-type", "INVALID_MESSAGE", "unknown_type"],
  ["second-hello", "INVALID_MESSAGE", "handshake"],
  ["type-is-no-text", "INVALID_MESSAGE", "missing_field"],
  ["bad-entry", "INVALID_MESSAGE", "wrong_field"],
  ["falling-batch", "INVALID_MESSAGE", "wrong_field"],
  ["no-data", "INVALID_MESSAGE", "missing_field"],
  ["array-checkpoint", "CHECKPOINT_FAILED", null],
  ["base64-checkpoint", "CHECKPOINT_FAILED", null],
  ["broken-zstd", "CHECKPOINT_FAILED", null],
  ["lost-chunk", "INVALID_MESSAGE", "chunk_order"],
  ["chunk-of-nothing", "INVALID_MESSAGE", "chunk_order"],
  ["interleaved-chunks", "INVALID_MESSAGE", "chunk_order"],
];

test.each(misdeeds)("%s is answered with %s (%s), and the next frame is read", async (deed, code, reason) => {
  const before = await heard();
  expect(await ask(deed)).toBe(true);
  // The answer of the deed may overtake the error frame.
  const told = await waitFor(async () => (await heard()).errors.at(before.errors.length), { what: "an error frame" });
  expect(told).toEqual([code, reason]);
  expect((await heard()).greetings).toBe(before.greetings);
  expect((await daemon.status("hostile")).restarts).toBe(0);
});

test.each([["oversized"], ["text"]])("%s puts both sides in step again by a new handshake", async (deed) => {
  const before = await heard();
  // What was in the pipe behind it is lost, its answer among it.
  await daemon.client.call({ name: "hostile", method: deed, timeout_ms: 300 }).catch(() => undefined);
  const after = await waitFor(
    async () => {
      const now = await heard(500);
      return now.greetings > before.greetings && now;
    },
    { what: "another handshake" },
  );
  expect(after.errors.slice(before.errors.length).map(([code]) => code)).toContain("OUT_OF_STEP");
  expect((await daemon.status("hostile")).restarts).toBe(0);
});

describe("an agent of its own", () => {
  test("that floods with broken frames is told, and harms neither the kernel nor its neighbours", async () => {
    await daemon.deploy({
      flooding: { kind: "port", sandbox, command: [agent] },
      neighbour: { kind: "port", sandbox, command: [agent] },
    });
    const flood = daemon.client.call({ name: "flooding", method: "flood", timeout_ms: 20_000 });
    expect(await ask("errors", "neighbour")).toMatchObject({ errors: [] });
    expect((await daemon.client.health({})).pid).toBe(kernel);
    await flood;
    const events = await daemon.events("flooding");
    expect(events.length).toBeLessThan(50);
    await Promise.all(["flooding", "neighbour"].map((name) => daemon.client.kill({ name })));
  });

  test("that says nothing more is dead after five seconds, and what took how long is told apart", async () => {
    await daemon.deploy({ hanging: { kind: "port", sandbox, command: [agent] } });
    await ask("hang", "hanging");
    const status = await daemon.until("hanging", ({ restarts, state }) => restarts === 1 && state === "ready", 30_000);
    expect(status.last_exit?.reason).toMatch(/^no heartbeat for [5-9]/);
    const recovery = status.instances[0]?.agent?.recovery;
    expect(recovery?.detection_ms).toBeGreaterThanOrEqual(5_000);
    expect(recovery?.restart_ms).toBeGreaterThan(0);
    await daemon.client.kill({ name: "hanging" });
  });

  test("that logs something between the chunks of a checkpoint gets it back", async () => {
    await daemon.deploy({ between: { kind: "port", sandbox, command: [agent] } });
    await ask("entry-within-a-checkpoint", "between");
    await waitFor(async () => (await daemon.events("between")).some(({ event }) => event === "agent_checkpoint"), {
      what: "the checkpoint",
    });
    process.kill((await daemon.status("between")).instances[0]?.pid ?? 0, "SIGKILL");
    await daemon.until("between", ({ restarts, state }) => restarts === 1 && state === "ready");
    expect(await ask("state", "between")).toEqual({ checkpoint: expect.any(String), entries: 1 });
    await daemon.client.kill({ name: "between" });
  });

  test("that stays out of step is dead, too", async () => {
    await daemon.deploy({ lost: { kind: "port", sandbox, command: [agent] } });
    // A frame that ends never: what follows is taken for its rest, heartbeats included.
    await daemon.client.call({ name: "lost", method: "half-a-frame-and-text", timeout_ms: 300 }).catch(() => undefined);
    await waitFor(
      async () => {
        const { restarts, state, instances } = await daemon.status("lost");
        return state === "ready" && (restarts === 1 || instances[0]?.agent?.recovery !== undefined);
      },
      { what: "the agent to be well again", deadlineMs: 30_000 },
    );
    expect(await ask("errors", "lost")).toBeDefined();
    await daemon.client.kill({ name: "lost" });
  });

  test("with a version that nobody speaks does not start", async () => {
    const old = { kind: "port" as const, sandbox, command: [agent], env: { VERSION: "9" } };
    const error = await failure(daemon.deploy({ old }));
    expect(error.code).toBe("start_failed");
    expect(error.message).toContain("version 9");
  });

  test("that never says hello does not get ready", async () => {
    const mute = { kind: "port" as const, command: ["/bin/sleep", "1000"], health: { grace_ms: 300 } };
    const error = await failure(daemon.deploy({ mute }));
    expect(error).toMatchObject({ code: "start_failed" });
    expect(error.message).toContain("did not get ready within 300 ms");
  });
});
