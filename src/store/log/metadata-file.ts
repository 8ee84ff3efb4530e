import { join } from "node:path";
import { StoreError } from "../error.ts";
import type { FileSystem, StoreFile } from "../file/index.ts";
import {
  decodeMark,
  decodeSlot,
  encodeMark,
  encodeSlot,
  type Metadata,
  markOffset,
  metadataBytes,
  type Point,
  type Slot,
  slotBytes,
  slotOffsets,
} from "./metadata-format.ts";

const metadataName = "log.meta";
const unfinishedName = "log.meta.new";

/** What the metadata file says. */
export interface StoredMetadata {
  readonly slot: Slot;
  /** How many of the two slots are whole. One is enough; a crash while the other was written leaves it so. */
  readonly wholeSlots: number;
  readonly mark: Point | undefined;
}

/** Reads a log's metadata without changing anything. `undefined` when there is no such file. */
export function readMetadata(files: FileSystem, folder: string): StoredMetadata | undefined {
  const path = join(folder, metadataName);
  const bytes = new Uint8Array(metadataBytes);
  try {
    const file = files.open(path, "read");
    try {
      file.readSync(bytes, 0);
    } finally {
      file.close();
    }
  } catch (error) {
    const failure = StoreError.fromFile(`reading ${path}`, error);
    if (failure.code === "not_found") return undefined;
    throw failure;
  }
  const slots = slotOffsets.flatMap((offset) => decodeSlot(bytes.subarray(offset, offset + slotBytes), path) ?? []);
  const slot = slots.toSorted((a, b) => b.generation - a.generation)[0];
  if (slot === undefined) {
    throw new StoreError("corrupt", `${path}: neither of the two metadata slots is whole`);
  }
  return { slot, wholeSlots: slots.length, mark: decodeMark(bytes.subarray(markOffset), slot.identity) };
}

/** Makes the metadata of a new log: it is there whole or not at all, whatever happens. */
export async function createMetadata(files: FileSystem, folder: string, metadata: Metadata): Promise<void> {
  const unfinished = join(folder, unfinishedName);
  await files.remove(unfinished);
  const file = files.open(unfinished, "create");
  try {
    // Both slots, so that later writes overwrite blocks that exist: they succeed on a full disk too.
    const bytes = new Uint8Array(metadataBytes);
    bytes.set(encodeSlot({ ...metadata, generation: 2 }), slotOffsets[0]);
    bytes.set(encodeSlot({ ...metadata, generation: 1 }), slotOffsets[1]);
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    file.close();
  }
  files.rename(unfinished, join(folder, metadataName));
  await files.syncFolder(folder);
}

/** The metadata of an open log. Changes are made one after the other, each durable when its promise resolves. */
export class MetadataFile {
  readonly #file: StoreFile;
  #slot: Slot;
  #last: Promise<void> = Promise.resolve();

  constructor(files: FileSystem, folder: string, slot: Slot) {
    this.#file = files.open(join(folder, metadataName), "write");
    this.#slot = slot;
  }

  /**
   * Makes the slot that counts durable in its place, in case the sync of whoever wrote it failed; only then may the other
   * one, which may be all that the disk has, be written over.
   */
  async confirm(): Promise<void> {
    await this.#write(this.#slot);
  }

  get current(): Metadata {
    return this.#slot;
  }

  /** After a rejection the file's content is unknown, and nothing may be saved again. */
  save(change: Partial<Omit<Metadata, "identity">>): Promise<void> {
    this.#last = this.#last.then(() => this.#save(change));
    return this.#last;
  }

  mark(point: Point): void {
    this.#file.writeSync(encodeMark(this.#slot.identity, point), markOffset);
  }

  close(): void {
    this.#file.close();
  }

  async #save(change: Partial<Omit<Metadata, "identity">>): Promise<void> {
    const next = { ...this.#slot, ...change, generation: this.#slot.generation + 1 };
    await this.#write(next);
    this.#slot = next;
  }

  async #write(slot: Slot): Promise<void> {
    await this.#file.write(encodeSlot(slot), slotOffsets[slot.generation % 2] ?? 0);
    await this.#file.sync();
  }
}
