import { createHash, type Hash } from "node:crypto";
import { dirname } from "node:path";
import { bulkWrite } from "../../store/file/index.ts";
import type { FileSystem, StoreFile } from "../../store/index.ts";
import type { StateEntry } from "../core/types.ts";
import { blocksAtOnce, EntryBlock, packBlock, type RawBlock, type StoredBlock } from "./block.ts";
import { encodeHeader, headerBytes } from "./header.ts";
import type { CheckpointInfo } from "./info.ts";

/** What only the written body tells. */
type Found = "entries" | "bytes" | "body_bytes" | "sha256" | "files";

/** What is known of a checkpoint before its body is written. */
export type Unwritten = Omit<CheckpointInfo, Found>;

export interface CheckpointContent {
  readonly entries: Iterable<StateEntry>;
  /** Captured files, as blocks behind the entries. */
  readonly files?: AsyncIterable<RawBlock & { readonly contentBytes: number }>;
}

/** A file that is being written bears this behind its name: it doesn't count, and the next kernel removes it. */
export const unfinished = ".new";

/**
 * Writes a checkpoint's file: body, header, sync, rename, sync of the folder. Until the rename nothing of it counts. Between
 * two blocks the event loop gets a turn.
 * @throws what the file system does; nothing is left then, unless the machine is lost
 */
export function writeCheckpoint(
  files: FileSystem,
  path: string,
  about: Unwritten,
  content: CheckpointContent,
  signal?: AbortSignal,
): Promise<CheckpointInfo> {
  return bulkWrite(() => write(files, path, about, content, signal));
}

async function write(
  files: FileSystem,
  path: string,
  about: Unwritten,
  content: CheckpointContent,
  signal: AbortSignal | undefined,
): Promise<CheckpointInfo> {
  const draft = path + unfinished;
  const file = files.open(draft, "create");
  try {
    const found = await writeBody(file, content, signal);
    const info: CheckpointInfo = { ...about, ...found };
    await file.write(encodeHeader(info), 0);
    await file.sync();
    file.close();
    files.rename(draft, path);
    await files.syncFolder(dirname(path));
    return info;
  } catch (error) {
    file.close();
    // Whatever removing it says: it doesn't count.
    await files.remove(draft).catch(() => undefined);
    throw error;
  }
}

async function writeBody(
  file: StoreFile,
  content: CheckpointContent,
  signal?: AbortSignal,
): Promise<Pick<CheckpointInfo, Found>> {
  const body = new BodyWriter(file);
  const block = new EntryBlock();
  let [entries, bytes, count] = [0, 0, 0];
  const take = async () => {
    signal?.throwIfAborted();
    await body.add(block.take());
  };
  for (const entry of content.entries) {
    const before = block.size;
    block.add(entry);
    bytes += block.size - before;
    entries++;
    if (block.isFull) await take();
  }
  if (!block.isEmpty) await take();
  for await (const part of content.files ?? []) {
    signal?.throwIfAborted();
    count += part.items;
    bytes += part.contentBytes;
    await body.add(part);
  }
  return { entries, bytes, files: count, ...(await body.end()) };
}

class BodyWriter {
  readonly #file: StoreFile;
  readonly #hash: Hash = createHash("sha256");
  readonly #packing: Promise<StoredBlock>[] = [];
  #at = headerBytes;

  constructor(file: StoreFile) {
    this.#file = file;
  }

  async add(block: RawBlock): Promise<void> {
    const packing = packBlock(block);
    // It is awaited in its turn; an earlier one that fails must not leave it unheard.
    packing.catch(() => undefined);
    this.#packing.push(packing);
    if (this.#packing.length >= blocksAtOnce) await this.#writeNext();
    await turn();
  }

  async end(): Promise<Pick<CheckpointInfo, "body_bytes" | "sha256">> {
    while (this.#packing.length > 0) await this.#writeNext();
    return { body_bytes: this.#at - headerBytes, sha256: this.#hash.digest("hex") };
  }

  async #writeNext(): Promise<void> {
    const packed = await this.#packing.shift();
    if (packed === undefined) return;
    const { head, payload } = packed;
    this.#hash.update(head).update(payload);
    await this.#file.writeParts([head, payload], this.#at);
    this.#at += head.length + payload.length;
  }
}

/** Lets everything else go on. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
