import { describe, expect, test } from "bun:test";
import {
  decodeMessage,
  type FrameRefusal,
  MessageReader,
  maxFrameBytes,
  type RawMessage,
  toFrame,
  toFrames,
} from "../../../../src/api/frames/index.ts";
import { pack } from "../../../../src/api/message-pack.ts";

/** A reader with what it said, as text. */
function listen(options: ConstructorParameters<typeof MessageReader>[0] = {}) {
  const said: string[] = [];
  const reader = new MessageReader(options);
  const sink = {
    message: (raw: RawMessage) => {
      const decoded = decodeMessage(raw);
      if (raw.bytes > 1_000) said.push(`${raw.bytes} bytes`);
      else said.push("value" in decoded ? JSON.stringify(decoded.value) : decoded.reason);
    },
    refused: ({ reason }: FrameRefusal) => void said.push(reason),
  };
  const push = (...pieces: Uint8Array[]) => {
    for (const piece of pieces) reader.push(piece, sink);
  };
  return { said, reader, push, sink };
}

const message = pack({ type: "a", data: "x".repeat(300) });
const chunks = (id: number) => [...toFrames([message], { id, frameBytes: 150 })];

describe("MessageReader", () => {
  test("refuses a frame that is too long, and reads nothing more until it is reset", () => {
    const { said, reader, push } = listen();
    push(Uint8Array.from([0, 0x10, 0, 1]), toFrame(pack(1)));
    expect(reader.isOutOfStep).toBe(true);
    reader.reset();
    push(toFrame(pack(2)));
    expect(said).toEqual(["oversized_frame", "2"]);
  });

  test("reads a frame of exactly the longest payload", () => {
    const { said, push } = listen();
    push(toFrame(pack(Buffer.alloc(maxFrameBytes - 5))), toFrame(pack(1)));
    expect(said).toEqual([`${maxFrameBytes} bytes`, "1"]);
  });

  test("takes whole messages between chunks", () => {
    const { said, push } = listen();
    const [first, ...rest] = chunks(1);
    push(first ?? new Uint8Array(), toFrame(pack("beat")), ...rest);
    expect(said).toEqual(['"beat"', JSON.stringify({ type: "a", data: "x".repeat(300) })]);
  });

  test("drops a chunked message that another one interrupts, and reads the other", () => {
    const { said, push } = listen();
    push(...chunks(1).slice(0, 2), ...chunks(2));
    expect(said).toEqual(["chunk_order", JSON.stringify({ type: "a", data: "x".repeat(300) })]);
  });

  test("refuses chunks that continue nothing, that are left out, and that are no chunks", () => {
    const { said, push } = listen();
    push(...chunks(1).slice(1, 2), ...chunks(2).slice(0, 1), ...chunks(2).slice(2, 3));
    push(toFrame(pack({ type: "chunk", id: 1, index: 0, last: true })));
    push(toFrame(pack({ type: "chunk", id: 3, index: 0, last: false, data: Buffer.alloc(0) })));
    expect(said).toEqual(["chunk_order", "chunk_order", "malformed", "malformed"]);
  });

  test("refuses a joined message that is too long or is no value, and releases what it had reserved", () => {
    let reserved = 0;
    const { said, push } = listen({
      maxMessageBytes: 200,
      reserve: (bytes) => {
        reserved += bytes;
        return true;
      },
      release: (bytes) => {
        reserved -= bytes;
      },
    });
    push(...chunks(1), ...toFrames([Buffer.alloc(100, 0xc1)], { id: 2, frameBytes: 60 }));
    expect(said[0]).toBe("oversized_message");
    expect(said).toContain("malformed");
    expect(reserved).toBe(0);
  });

  test("refuses values that lie too deep in one another", () => {
    const { said, push } = listen();
    push(toFrame(Uint8Array.from([...Array(65).fill(0x91), 0xc0])), toFrame(Uint8Array.from([0xd4, 5, 0])));
    expect(said).toEqual(["too_deep", "extension"]);
  });

  test("refuses what the end of the stream cuts off", () => {
    const { said, reader, push, sink } = listen();
    push(...chunks(1).slice(0, 1), Uint8Array.from([0, 0]));
    reader.end(sink);
    expect(said).toEqual(["truncated", "truncated"]);
  });
});
