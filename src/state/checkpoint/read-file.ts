import { createHash, type Hash } from "node:crypto";
import type { FileSystem, StoreFile } from "../../store/index.ts";
import type { StateEntry } from "../core/types.ts";
import { blockHeadBytes, blockKinds, entriesOf, type RawBlock, readBlockHead, unpackBlock } from "./block.ts";
import { damaged, decodeHeader, headerBytes } from "./header.ts";
import type { CheckpointInfo } from "./info.ts";
import { turn } from "./write-file.ts";

/**
 * What a checkpoint's header says, without its body.
 * @throws SoloError `storage_corrupt`, `data_too_new`, and what the file system throws
 */
export function readInfo(files: FileSystem, path: string): CheckpointInfo {
  const file = files.open(path, "read");
  try {
    const header = Buffer.alloc(headerBytes);
    const length = file.readSync(header, 0);
    const info = decodeHeader(header.subarray(0, length));
    const size = file.size();
    if (size !== headerBytes + info.body_bytes) {
      throw damaged(`it has ${size} bytes, and was written with ${headerBytes + info.body_bytes}`);
    }
    return info;
  } finally {
    file.close();
  }
}

/**
 * Compares the body with the header's SHA-256, without decompressing it.
 * @throws SoloError `storage_corrupt`
 */
export async function checkDigest(files: FileSystem, path: string): Promise<CheckpointInfo> {
  const info = readInfo(files, path);
  const file = files.open(path, "read");
  try {
    const hash = createHash("sha256");
    const chunk = Buffer.allocUnsafeSlow(2 ** 20);
    const end = headerBytes + info.body_bytes;
    for (let at = headerBytes; at < end; ) {
      const count = await file.read(chunk.subarray(0, Math.min(chunk.length, end - at)), at);
      if (count === 0) throw damaged("it is cut off");
      hash.update(chunk.subarray(0, count));
      at += count;
    }
    compare(hash, info);
    return info;
  } finally {
    file.close();
  }
}

/**
 * The blocks of a checkpoint, in order. What is wrong with it may be known only at the end: nothing that was made of it may
 * count before.
 * @param isDigested whether the SHA-256 of the whole body is compared, too, beside each block's own checksum
 * @throws SoloError `storage_corrupt`
 */
export async function* readBlocks(
  files: FileSystem,
  path: string,
  { isDigested = true } = {},
): AsyncGenerator<RawBlock> {
  const info = readInfo(files, path);
  const file = files.open(path, "read");
  try {
    const hash = createHash("sha256");
    const coming: Promise<RawBlock>[] = [];
    const end = headerBytes + info.body_bytes;
    for (let at = headerBytes; at < end || coming.length > 0; ) {
      while (at < end && coming.length < atOnce) {
        const { head, payload } = await readStored(file, at, end);
        if (isDigested) hash.update(head).update(payload);
        at += head.length + payload.length;
        const unpacking = unpackBlock(head, payload);
        // It is awaited in its turn; an earlier one that fails must not leave it unheard.
        unpacking.catch(() => undefined);
        coming.push(unpacking);
      }
      const next = await coming.shift();
      if (next !== undefined) yield next;
    }
    if (isDigested) compare(hash, info);
  } finally {
    file.close();
  }
}

/** Blocks that are decompressed at the same time. */
const atOnce = 4;

/**
 * Every entry of a checkpoint, in order. Between two batches the event loop gets a turn. Whoever restores has compared the
 * SHA-256 before, which takes a fifth of a second for 50 MB: here each block's own checksum is enough.
 * @throws SoloError `storage_corrupt`
 */
export async function* readBatches(files: FileSystem, path: string): AsyncGenerator<Iterable<StateEntry>> {
  for await (const block of readBlocks(files, path, { isDigested: false })) {
    if (block.kind === blockKinds.entries) yield entriesOf(block);
    await turn();
  }
}

async function readStored(file: StoreFile, at: number, end: number): Promise<{ head: Buffer; payload: Buffer }> {
  const head = Buffer.allocUnsafe(blockHeadBytes);
  if ((await file.read(head, at)) < head.length) throw damaged("it is cut off");
  const { storedBytes } = readBlockHead(head);
  if (at + head.length + storedBytes > end) throw damaged("a block reaches over the end");
  const payload = Buffer.allocUnsafeSlow(storedBytes);
  if ((await file.read(payload, at + head.length)) < storedBytes) throw damaged("it is cut off");
  return { head, payload };
}

function compare(hash: Hash, { sha256 }: CheckpointInfo): void {
  if (hash.digest("hex") !== sha256) throw damaged("the SHA-256 of its body is another than its header says");
}
