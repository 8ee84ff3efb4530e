import { expect, test } from "bun:test";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { LineTransport } from "../../../../src/gateway/mcp/line-transport.ts";

async function* lines(...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(`${text}\n`);
}

const request = (id: number) => JSON.stringify({ jsonrpc: "2.0", id, method: "ping" });

/** What was received and what was written, when the input has ended. */
async function spoken(input: AsyncIterable<Uint8Array>, answer = true) {
  const written: unknown[] = [];
  const received: JSONRPCMessage[] = [];
  const transport = new LineTransport(input, async (line) => void written.push(JSON.parse(line)));
  transport.onmessage = (message) => {
    received.push(message);
    if (answer && "id" in message && message.id !== undefined) {
      void transport.send({ jsonrpc: "2.0", id: message.id, result: {} });
    }
  };
  const closed = new Promise<void>((resolve) => {
    transport.onclose = resolve;
  });
  await transport.start();
  await closed;
  return { written, received };
}

test("garbage is answered, and what follows it is heard", async () => {
  const { written, received } = await spoken(lines("}{", "", "[1,2]", '{"id":7,"x":1}', request(1)));
  expect(written).toMatchObject([
    { id: null, error: { code: -32_700 } },
    { id: null, error: { code: -32_600 } },
    { id: 7, error: { code: -32_600 } },
    { id: 1, result: {} },
  ]);
  expect(received).toHaveLength(1);
});

test("more requests at a time than it takes are refused, and it recovers", async () => {
  const cancel = JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
  const many = Array.from({ length: 70 }, (_, index) => request(index + 1));
  const { written, received } = await spoken(lines(...many, cancel, request(100)), false);
  expect(written).toHaveLength(6);
  expect(written[0]).toMatchObject({ id: 65, error: { code: -32_000 } });
  expect(received.at(-1)).toMatchObject({ id: 100 });
});
