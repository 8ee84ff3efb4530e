import { expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import { BatchedSocket } from "../../../../src/gateway/grpc/batched-socket.ts";

interface Pair extends AsyncDisposable {
  readonly client: Socket;
  readonly batched: BatchedSocket;
}

async function pair(): Promise<Pair> {
  const server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const client = connect(port, "127.0.0.1");
  const batched = new BatchedSocket(await accepted);
  return {
    client,
    batched,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      batched.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const never = new AbortController().signal;
const chunk = Buffer.alloc(65_536, "x");

/** Writes until the peer's buffers are full. */
async function fill(batched: BatchedSocket): Promise<{ readonly bytes: number; readonly room: Promise<void> }> {
  for (let bytes = chunk.length; bytes < 100_000_000; bytes += chunk.length) {
    batched.write(chunk);
    await new Promise((resolve) => setImmediate(resolve));
    const room = batched.room(never);
    if (room !== undefined) return { bytes, room };
  }
  throw new Error("it takes whatever comes");
}

test("everything arrives, in order, in both directions", async () => {
  await using both = await pair();
  const parts = Array.from({ length: 1_000 }, (_, index) => `${index};`);
  let received = "";
  both.client.on("data", (bytes) => (received += bytes));
  both.batched.on("data", (bytes) => both.batched.write(bytes));
  for (const part of parts) both.client.write(part);
  both.client.end();
  both.batched.on("end", () => both.batched.end());
  await new Promise((resolve) => both.client.on("close", resolve));
  expect(received).toBe(parts.join(""));
});

test("a peer that takes nothing is read no further, until it does", async () => {
  await using both = await pair();
  both.client.pause();
  both.batched.resume();
  const { bytes, room } = await fill(both.batched);
  expect(bytes).toBeLessThan(50_000_000);
  const read: Buffer[] = [];
  both.batched.on("data", (part: Buffer) => read.push(part));
  both.client.write("more");
  await new Promise((resolve) => setImmediate(resolve));
  expect(read).toEqual([]);
  const more = new Promise((resolve) => both.batched.once("data", resolve));
  both.client.resume();
  await room;
  expect(String(await more)).toBe("more");
});

test("whoever waits for room waits no longer than for its call, or for the peer", async () => {
  await using both = await pair();
  both.client.pause();
  const { room } = await fill(both.batched);
  const call = new AbortController();
  const waiting = both.batched.room(call.signal);
  call.abort();
  await waiting;
  both.client.destroy();
  both.batched.destroy();
  await room;
  expect(both.batched.room(never)).toBeUndefined();
});
