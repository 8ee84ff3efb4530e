import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Socket } from "bun";
import { SoloError } from "../../../../src/api/error.ts";
import { FrameSplitter, toFrame } from "../../../../src/api/frames/index.ts";
import { pack, unpack } from "../../../../src/api/message-pack.ts";
import { maxStateRequests, stateChannelFormat, stateSocketName } from "../../../../src/api/state-channel.ts";
import { ChannelState, StateChannel } from "../../../../src/host/state/index.ts";
import { ServiceStates, type StateHandler, StateServer } from "../../../../src/state/index.ts";
import { systemClock } from "../../../../src/system/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { waitFor } from "../../../support/wait-for.ts";

setDefaultTimeout(30_000);

const root = temporaryFolder();
let count = 0;
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A kernel's end that can be taken away and put back, with the host's end of one instance. */
function machine(operations: Readonly<Record<string, StateHandler>> = {}, waitMs = 5_000) {
  const folder = join(root, String(++count));
  mkdirSync(folder);
  const path = join(folder, stateSocketName);
  let server: StateServer | undefined;
  let states: ServiceStates | undefined;
  const start = () => {
    states = new ServiceStates({ folder: join(folder, "state"), clock: systemClock });
    server = new StateServer({
      path,
      states,
      operations,
      authenticate: ({ key }) => (key === "secret" ? { tenant: "default", name: "one" } : undefined),
    });
  };
  const stop = async () => {
    await server?.close(1_000);
    await states?.closeAll();
    server = undefined;
  };
  closers.push(stop);
  const identity = {
    service: "one",
    tenant: "default",
    instance: "one-1",
    revision: "r",
    controlSocket: join(folder, "control.sock"),
    key: "secret",
    port: 1,
    waitMs,
  };
  const channel = new StateChannel(identity);
  const abort = new AbortController();
  closers.push(async () => abort.abort());
  return { path, start, stop, channel, state: new ChannelState(channel, abort.signal) };
}

const hello = { format: stateChannelFormat, instance: "one-1", key: "secret", pid: 1, client: "c" };

/** A host that says what it is told. */
async function rawHost(path: string) {
  const answers: unknown[][] = [];
  const splitter = new FrameSplitter(8 * 2 ** 20);
  let closed = false;
  const socket: Socket = await Bun.connect({
    unix: path,
    socket: {
      data: (_, bytes) => {
        splitter.push(bytes, (payload) => {
          const messages = unpack(payload);
          if (Array.isArray(messages)) answers.push(...messages);
        });
      },
      close: () => void (closed = true),
      error() {},
    },
  });
  return {
    answers,
    say: (...messages: unknown[]) => socket.write(toFrame(pack(messages))),
    bytes: (bytes: Uint8Array) => socket.write(bytes),
    closed: () => waitFor(() => closed, { what: "the kernel to hang up" }),
    answered: (number: number) => waitFor(() => answers.length >= number, { what: `${number} answers` }),
  };
}

test("hosts that break the protocol are disconnected, and others go on", async () => {
  const { path, start, state } = machine();
  start();
  const breaches: ((host: Awaited<ReturnType<typeof rawHost>>) => void)[] = [
    (host) => host.say([1, "get", ["a"], 0]),
    (host) => host.say([0, "hello", { ...hello, key: "wrong" }, 0]),
    (host) => host.say([0, "hello", { ...hello, format: 99 }, 0]),
    (host) => host.say([0, "hello", hello, 0], "no message"),
    (host) => host.say([0, "hello", hello, 0], [-1, "get", ["a"], 0]),
    (host) => host.bytes(toFrame(pack({ not: "a list" }))),
    (host) => host.bytes(Uint8Array.of(0xff, 0xff, 0xff, 0xff)),
    // A list of 2³² − 1 members in a frame of six bytes.
    (host) => host.bytes(Uint8Array.of(0, 0, 0, 5, 0xdd, 0xff, 0xff, 0xff, 0xff)),
  ];
  for (const breach of breaches) {
    const host = await rawHost(path);
    breach(host);
    await host.closed();
  }
  await state.set("a", 1);
  expect(await state.get<number>("a")).toBe(1);
});

test("inputs that don't fit are refused one by one", async () => {
  const { path, start } = machine();
  start();
  const host = await rawHost(path);
  host.say([0, "hello", hello, 0]);
  const wrong: [string, unknown][] = [
    ["get", "a"],
    ["get", [7]],
    ["set", ["a", "no bytes", null, null]],
    ["set", ["a", new Uint8Array(1), "soon", null]],
    ["set", ["a", new Uint8Array(1), null, -1]],
    ["increment", ["a", "one", null]],
    ["commit", [[], [["a", 1]], null]],
    ["scan", [null]],
    ["watch", [1, 2, 3]],
    ["nonsense", []],
    ["constructor", []],
  ];
  host.say(...wrong.map(([operation, input], index) => [index + 1, operation, input, 0]));
  await host.answered(wrong.length);
  for (const [sequence, error] of host.answers) {
    expect([sequence, Array.isArray(error) && error[0]]).toEqual([sequence, "invalid_request"]);
  }
});

test("too many unanswered requests are a breach", async () => {
  const { path, start } = machine({ hold: () => new Promise(() => {}) });
  start();
  const host = await rawHost(path);
  host.say([0, "hello", hello, 0]);
  host.say(...Array.from({ length: maxStateRequests + 1 }, (_, index) => [index + 1, "hold", [], 0]));
  await host.closed();
});

test("a request that is sent again is applied once, and gets its first answer", async () => {
  const { path, start, stop } = machine();
  start();
  const send = async () => {
    const host = await rawHost(path);
    host.say([0, "hello", hello, 0]);
    host.say([1, "increment", ["n", 5, null], 1], [2, "increment", ["n", 5, null], 2]);
    await host.answered(2);
    return host.answers.map(([, , output]) => output);
  };
  expect(await send()).toEqual([5, 10]);
  expect(await send()).toEqual([5, 10]);
  await stop();
  start();
  expect(await send()).toEqual([5, 10]);
});

test("calls wait for a kernel and go through in order; without one they fail and say what is known", async () => {
  const { start, stop, state } = machine();
  const early = Promise.all([state.set("a", 1), state.set("a", 2), state.increment("n")]);
  start();
  await early;
  expect([await state.get<number>("a"), await state.get<number>("n")]).toEqual([2, 1]);
  const seen: unknown[] = [];
  const watching = (async () => {
    for await (const { key, value } of state.watch({ prefix: "w" })) {
      seen.push([key, value]);
      if (seen.length === 3) return;
    }
  })();
  // A watch begins where the state is when the kernel hears of it.
  await state.get("a");
  await state.set("w1", 1);
  await waitFor(() => seen.length === 1, { what: "the first change" });
  await stop();
  const late = Promise.all([state.set("w2", 2), state.set("w3", 3)]);
  start();
  await late;
  await watching;
  expect(seen).toEqual([
    ["w1", 1],
    ["w2", 2],
    ["w3", 3],
  ]);
  const impatient = machine({}, 100);
  await expect(impatient.state.set("x", 1)).rejects.toMatchObject({ code: "unreachable", applied: "no" });
});

test("what a kernel refuses comes as its error, with details", async () => {
  const { start, state } = machine({
    refuse: () => {
      throw new SoloError("limit_exceeded", "too much", { hint: "less", details: { limit: 1 } });
    },
  });
  start();
  await state.set("a", 1);
  const conflict = state.set("a", 2, { ifVersion: 7 });
  await expect(conflict).rejects.toMatchObject({ code: "conflict", details: { key: "a", expected: 7, found: 1 } });
  await conflict.catch(() => undefined);
  for (const bad of [undefined, () => 1, Symbol("x"), new Map([[1, 1]]), { a: new Error("x") }, 2n ** 70n]) {
    await expect(state.set("a", bad)).rejects.toMatchObject({ code: "invalid_request" });
  }
  expect(await state.get<number>("a")).toBe(1);
});
