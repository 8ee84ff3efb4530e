import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { GrpcClient } from "../support/grpc-client.ts";
import { freePort, waitFor } from "../support/index.ts";
import { type SoloEnv, soloEnv } from "../support/solo-env.ts";

/** Clients of the gRPC API that mean it no good: whatever they send, others are answered as before. */

const port = freePort();
let env: SoloEnv;
let client: GrpcClient;
let pid: number;
beforeAll(async () => {
  env = soloEnv();
  (await env.run(["start"], { env: { SOLO_LISTEN_PORT: String(port) } })).expect();
  client = await GrpcClient.connect(`127.0.0.1:${port}`);
  pid = (await health()).pid;
});
afterAll(async () => {
  await client?.[Symbol.asyncDispose]();
  await env[Symbol.asyncDispose]();
});

const healthy = z.looseObject({ pid: z.int(), memory_bytes: z.int() });
const health = async () => (await env.run(["health", "--json"])).expect().json(healthy);

async function isWell(): Promise<void> {
  const { code } = await client.call({ method: "grpc.health.v1.Health/Check" });
  expect(code).toBe("OK");
  expect((await health()).pid).toBe(pid);
}

/** Sends bytes, and resolves when the server has ended the connection, or with it open after a while of silence. */
function send(bytes: Uint8Array): Promise<"ended" | "open"> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, "127.0.0.1");
    const end = (how: "ended" | "open") => {
      socket.destroy();
      resolve(how);
    };
    socket.on("error", () => end("ended"));
    socket.on("close", () => end("ended"));
    socket.setTimeout(500, () => end("open"));
    socket.resume();
    socket.write(bytes);
  });
}

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const settings = frame(4, 0, 0, Buffer.alloc(0));

function frame(type: number, flags: number, stream: number, payload: Uint8Array, length = payload.length): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK: literal fields without indexing. */
function headers(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  return Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)])));
}

const request = headers([
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/solo.v1.SoloKernel/List"],
  [":authority", "x"],
  ["te", "trailers"],
  ["content-type", "application/grpc"],
]);

describe("malformed", () => {
  const attempts: [what: string, bytes: Uint8Array][] = [
    ["a request of HTTP/1.1", Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n")],
    ["noise", crypto.getRandomValues(new Uint8Array(4_096))],
    ["noise behind the preface", Buffer.concat([preface, crypto.getRandomValues(new Uint8Array(4_096))])],
    ["a frame of 16 MB", Buffer.concat([preface, settings, frame(0, 0, 1, Buffer.alloc(100), 0xff_ff_ff)])],
    ["headers that are no HPACK", Buffer.concat([preface, settings, frame(1, 5, 1, Buffer.alloc(64, 0xff))])],
    ["an even stream", Buffer.concat([preface, settings, frame(1, 5, 2, request)])],
    ["data without a stream", Buffer.concat([preface, settings, frame(0, 1, 9, Buffer.alloc(10))])],
    ["a window that overflows", Buffer.concat([preface, settings, frame(8, 0, 0, Buffer.from("7fffffff", "hex"))])],
    [
      "endless continuations",
      Buffer.concat([
        preface,
        settings,
        frame(1, 0, 1, request),
        ...Array.from({ length: 500 }, () => frame(9, 0, 1, Buffer.alloc(1_000))),
      ]),
    ],
    ["settings in masses", Buffer.concat([preface, ...Array.from({ length: 5_000 }, () => settings)])],
    [
      "pings in masses",
      Buffer.concat([preface, settings, ...Array.from({ length: 5_000 }, () => frame(6, 0, 0, Buffer.alloc(8)))]),
    ],
    [
      "a message that is said to be longer than all",
      Buffer.concat([preface, settings, frame(1, 4, 1, request), frame(0, 1, 1, Buffer.from("00ffffffff", "hex"))]),
    ],
    [
      "a compressed message that is none",
      Buffer.concat([preface, settings, frame(1, 4, 1, request), frame(0, 1, 1, Buffer.from("010000000201ff", "hex"))]),
    ],
    ["no message", Buffer.concat([preface, settings, frame(1, 5, 1, request)])],
  ];
  test.each(attempts)("%s disturbs nobody", async (_, bytes) => {
    await Promise.all(Array.from({ length: 5 }, () => send(bytes)));
    await isWell();
  });

  test("streams that are opened and reset at once, in masses", async () => {
    const streams = Array.from({ length: 2_000 }, (_, index) => index * 2 + 1);
    const resets = streams.flatMap((id) => [frame(1, 4, id, request), frame(3, 0, id, Buffer.from("00000008", "hex"))]);
    await send(Buffer.concat([preface, settings, ...resets]));
    await isWell();
  });
});

test("a message beyond the limit is refused before it is read", async () => {
  const long = { method: "solo.v1.SoloKernel/Deploy", message: { service_id: "x", code: "x".repeat(5_000_000) } };
  const refused = await client.call(long);
  expect(refused).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  await isWell();
});

test("connections that say nothing keep nobody out, and are let go at the end", async () => {
  const silent = Array.from({ length: 300 }, () => connect(port, "127.0.0.1"));
  await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
  await isWell();
  for (const socket of silent) socket.destroy();
});

test("a client that ends its half of the connection counts as left: the connection ends, answered or not", async () => {
  const path = "/grpc.health.v1.Health/Check";
  const asked = headers([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "x"],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
  ]);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.resume();
    socket.on("end", resolve);
    socket.on("error", reject);
    socket.end(Buffer.concat([preface, settings, frame(1, 4, 1, asked), frame(0, 1, 1, Buffer.alloc(5))]));
  });
  await isWell();
});

test("nothing of it is left in memory, and none of it is a surprise to the kernel", async () => {
  await waitFor(async () => (await health()).memory_bytes < 400_000_000, { what: "memory" });
  expect(readFileSync(join(env.dataDir, "logs", "kernel.log"), "utf8")).not.toContain("unexpected");
});
