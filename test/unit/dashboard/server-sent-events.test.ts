import { expect, test } from "bun:test";
import { type ServerSentEvent, serverSentEvents } from "../../../src/dashboard/api/server-sent-events.ts";

async function read(chunks: readonly Uint8Array[]): Promise<ServerSentEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return (await Array.fromAsync(serverSentEvents(body))).flat();
}

const stream = 'id: 1:2\ndata: {"a":"ä: b"}\n\n:\n\nevent: failure\ndata: x\ndata: y\n\nid: 9\ndata: cut off';
const events = [
  { event: "message", data: '{"a":"ä: b"}', id: "1:2" },
  { event: "failure", data: "x\ny", id: undefined },
];

test("events are the same wherever the connection cuts them; heartbeats and what is unfinished are none", async () => {
  const bytes = new TextEncoder().encode(stream);
  for (let size = 1; size <= bytes.length; size++) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    expect(await read(chunks)).toEqual(events);
  }
});

test("no more is taken from the connection than somebody asks for", async () => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulled++;
        controller.enqueue(new TextEncoder().encode(`data: ${pulled}\n\n`));
      },
    },
    { highWaterMark: 0 },
  );
  const taken = serverSentEvents(body);
  expect((await taken.next()).value).toEqual([{ event: "message", data: "1", id: undefined }]);
  await taken.next();
  expect(pulled).toBe(2);
  await taken.return(undefined);
});
