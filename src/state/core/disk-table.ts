import { join } from "node:path";
import { SoloError } from "../../api/error.ts";
import { type FileSystem, KeyValueStore, StoreError, type StoreOptions, type StoreStats } from "../../store/index.ts";
import type { Changed } from "./changed-keys.ts";
import { spaceCodes, spaceOf } from "./space.ts";
import type { Table } from "./table.ts";
import { Turns } from "./turns.ts";

/** How far the table on disk goes. */
export interface FlushedMark {
  readonly position: number;
  /** When it was flushed, in milliseconds since 1970. */
  readonly time: number;
  /** Of the log, behind the last entry that the table has. */
  readonly address: number;
}

/** The mark is kept under an integer key; a state's own keys are texts. */
const markKey = 0;
const markBytes = 24;
const versionBytes = 8;

/** A table that was not flushed for so long gives its memory back: the next flush opens it again. */
const idleMs = 60_000;

/** The log of the table is compacted when it is longer than this and than so many times what lives in it. */
const compactBytes = 64 * 2 ** 20;
const compactFactor = 3;

/** Little memory: it is read once, when a state is opened. No trigger of its own: a flush says when. */
const storeOptions: StoreOptions = {
  durability: "checkpoint",
  memoryBytes: 16 * 2 ** 20,
  readCacheBytes: 2 ** 16,
  flush: { intervalMs: 60_000 },
};

/** The flushed part of a state: a key-value store, so that opening replays only what the log has behind it. */
export class DiskTable {
  readonly #folder: string;
  readonly #options: StoreOptions;
  #store: KeyValueStore | undefined;
  #mark: FlushedMark = { position: 0, time: 0, address: 0 };
  #idle: ReturnType<typeof setTimeout> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(folder: string, options: StoreOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** What it has, and the store under it, which is undefined while it rests. */
  get stats(): { flushed_position: number; last_flush: number | null; table: StoreStats | undefined } {
    const { position, time } = this.#mark;
    return { flushed_position: position, last_flush: time === 0 ? null : time, table: this.#store?.stats() };
  }

  /** Opens the table if there is one, and fills `table` with it. It is made by the first flush. */
  static async open(folder: string, table: Table, files: FileSystem | undefined): Promise<DiskTable> {
    const disk = new DiskTable(join(folder, "table"), { ...storeOptions, ...(files !== undefined && { files }) });
    try {
      disk.#store = await KeyValueStore.open(disk.#folder, { ...disk.#options, create: false });
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "not_found") throw error;
      return disk;
    }
    const turns = new Turns();
    for await (const { key, value } of disk.#store.scan()) {
      if (turns.isDue()) await turns.next();
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
      if (typeof key === "number") disk.#mark = readMark(bytes);
      else {
        const space = spaceOf(key[0] ?? 0xff);
        if (space === undefined || bytes.length < versionBytes) throw unreadable(disk.#folder);
        const text = Buffer.from(key.buffer, key.byteOffset + 1, key.length - 1).toString();
        table.put(space, text, new Uint8Array(bytes.subarray(versionBytes)), bytes.readDoubleLE(0));
      }
    }
    disk.#rest();
    return disk;
  }

  get mark(): FlushedMark {
    return this.#mark;
  }

  /**
   * Brings what changed since the last flush into the table. The log must be durable up to the mark before. A crash in
   * between leaves keys that are newer than the mark: the log's entries are applied to them again, in order.
   */
  async flush(changed: Iterable<readonly Changed[]>, liveBytes: number, mark: FlushedMark): Promise<void> {
    clearTimeout(this.#idle);
    await this.#closing;
    this.#store ??= await KeyValueStore.open(this.#folder, this.#options);
    const store = this.#store;
    for (const batch of changed) {
      for (const { space, key, stored } of batch) {
        const name = tableKey(spaceCodes[space], key);
        const done =
          stored === undefined ? store.delete(name) : store.put(name, tableValue(stored.version, stored.value));
        if (done !== undefined) await done;
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await store.put(markKey, markValue(mark));
    await store.commit();
    this.#mark = mark;
    const { begin, tail } = store.stats();
    const length = tail - begin;
    if (length > compactBytes && length > compactFactor * liveBytes) await store.compact();
    this.#rest();
  }

  /** After a failed flush: the next one opens the store again, which finds out what is on disk. */
  async giveUp(): Promise<void> {
    clearTimeout(this.#idle);
    const store = this.#store;
    this.#store = undefined;
    // It failed before; what it says about that is known.
    await store?.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#closing;
    await this.#store?.close();
  }

  #rest(): void {
    this.#idle = setTimeout(() => {
      // All is durable; should closing fail all the same, the next flush finds out.
      this.#closing = this.giveUp().finally(() => {
        this.#closing = undefined;
      });
    }, idleMs);
    this.#idle.unref();
  }
}

function tableKey(code: number, key: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(key));
  bytes[0] = code;
  bytes.write(key, 1);
  return bytes;
}

function tableValue(version: number, value: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(versionBytes + value.length);
  bytes.writeDoubleLE(version, 0);
  bytes.set(value, versionBytes);
  return bytes;
}

function markValue({ position, time, address }: FlushedMark): Uint8Array {
  const bytes = Buffer.allocUnsafe(markBytes);
  bytes.writeDoubleLE(position, 0);
  bytes.writeDoubleLE(time, 8);
  bytes.writeDoubleLE(address, 16);
  return bytes;
}

function readMark(bytes: Buffer): FlushedMark {
  return { position: bytes.readDoubleLE(0), time: bytes.readDoubleLE(8), address: bytes.readDoubleLE(16) };
}

function unreadable(folder: string): SoloError {
  return new SoloError("storage_corrupt", `${folder} holds a key that is none of a state's`, {
    hint: "was it written by a later version of Solo? Otherwise restore the newest checkpoint",
  });
}
