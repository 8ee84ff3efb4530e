import { expect, test } from "bun:test";
import { zstdCompressSync } from "node:zlib";
import { MessageReader, type RawMessage, toFrames } from "../../../../src/api/frames/index.ts";
import { pack, unpack } from "../../../../src/api/message-pack.ts";
import { checkpointData } from "../../../../src/supervise/port/checkpoint-data.ts";
import { openEnvelope } from "../../../../src/supervise/port/envelope.ts";

/** The data of a checkpoint as it would be kept, after the way through frames. */
async function kept(data: unknown, frameBytes: number, isCompressed = false): Promise<unknown> {
  const messages: RawMessage[] = [];
  const reader = new MessageReader();
  const refused = ({ message }: { message: string }) => {
    throw new Error(message);
  };
  const packed = pack({ type: "checkpoint", timestamp: 1, data, metadata: { sequence: 3 } });
  for (const frame of toFrames([packed], { id: 1, frameBytes })) {
    reader.push(frame, { message: (raw) => void messages.push(raw), refused });
  }
  const [raw] = messages;
  if (raw === undefined) throw new Error("no message came");
  const envelope = openEnvelope(raw);
  if (typeof envelope === "string" || envelope.data === undefined) throw new Error("no data came");
  expect(envelope.fields).toMatchObject({ type: "checkpoint", metadata: { sequence: 3 } });
  return unpack(Buffer.concat(await checkpointData(raw, envelope.data, isCompressed)));
}

const state = { text: "x".repeat(200_000), list: [1, 2, { deep: null }] };

test("data comes through in one frame and in many", async () => {
  expect(await kept(state, 1_000_000)).toEqual(state);
  expect(await kept(state, 1_000)).toEqual(state);
});

test("compressed data is kept as what it was", async () => {
  expect(await kept(zstdCompressSync(pack(state)), 100, true)).toEqual(state);
});

test("what is no map, no zstd, or more than a checkpoint may hold is refused", async () => {
  await expect(kept([1], 1_000)).rejects.toThrow("data is a map");
  await expect(kept(zstdCompressSync(pack([1])), 1_000, true)).rejects.toThrow("data is a map");
  await expect(kept(zstdCompressSync(Buffer.from([0xc1])), 1_000, true)).rejects.toThrow("begins no value");
  await expect(kept(Buffer.from("nothing"), 1_000, true)).rejects.toThrow("can't be decompressed");
  const bomb = zstdCompressSync(Buffer.alloc(300_000_000));
  expect(bomb.length).toBeLessThan(100_000);
  await expect(kept(bomb, 1_000_000, true)).rejects.toThrow("can't be decompressed");
});
