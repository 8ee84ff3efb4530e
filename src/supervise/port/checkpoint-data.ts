import { zstdDecompress } from "node:zlib";
import { PayloadScanner, type RawMessage } from "../../api/frames/index.ts";
import { unpack } from "../../api/message-pack.ts";
import { cut } from "./envelope.ts";

/** Longest checkpoint, uncompressed. */
const maxBytes = 104_857_600;

/**
 * The `data` of a checkpoint, uncompressed and proven to be a map, in parts of its own.
 * @throws Error saying what is wrong with it
 */
export async function checkpointData(
  raw: RawMessage,
  range: readonly [number, number],
  isCompressed: boolean,
): Promise<Uint8Array[]> {
  // The bytes of a message in one frame are a view of what is read next.
  const parts = raw.isChunked ? cut(raw, range) : cut(raw, range).map((part) => part.slice());
  const plain = isCompressed ? [await decompress(Buffer.concat(parts))] : parts;
  const first = plain[0]?.[0] ?? 0;
  // fixmap, map 16, map 32
  if ((first & 0xf0) !== 0x80 && first !== 0xde && first !== 0xdf) throw new Error("data is a map");
  return plain;
}

function decompress(packed: Uint8Array): Promise<Uint8Array> {
  const compressed = unpack(packed);
  if (!(compressed instanceof Uint8Array)) throw new Error("compressed data is a bin");
  return new Promise((resolve, reject) => {
    zstdDecompress(compressed, { maxOutputLength: maxBytes }, (error, plain) => {
      if (error !== null) return reject(new Error(`the data can't be decompressed: ${error.message}`));
      const scanner = new PayloadScanner();
      const refusal = scanner.push(plain) ?? scanner.end();
      if (refusal === undefined) resolve(plain);
      else reject(new Error(refusal.message));
    });
  });
}
