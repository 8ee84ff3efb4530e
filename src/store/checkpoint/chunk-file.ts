import { StoreError } from "../error.ts";
import type { FileSystem, StoreFile } from "../file/index.ts";
import { ChainHash } from "../hybrid-log/chain-hash.ts";

/** A chunk is collected in memory before it is written: large enough for the disk, small enough not to be a pause. */
const chunkBytes = 2 ** 20;
const headerBytes = 24;
const magic = 0x324b4843;
/** Bytes at the beginning of a payload that are hashed by themselves, so that they may lie apart from the rest in memory. */
export const headBytes = 16;

/**
 * A file of chunks: a header of 24 bytes (magic, length of the payload, its checksum in two halves, the chunk's number, the
 * checkpoint's token), then the payload. How many there are stands in the checkpoint's metadata. The checksum is that of a
 * chain (see {@link ChainHash}) of the payload's first 16 bytes and the rest.
 */
export class ChunkWriter {
  readonly #file: StoreFile;
  readonly #buffer: Uint8Array;
  readonly #header: Uint32Array;
  readonly #token: number;
  #used = headerBytes;
  #position = 0;
  #chunks = 0;

  constructor(files: FileSystem, path: string, token: number) {
    this.#token = token;
    this.#file = files.open(path, "create");
    this.#buffer = new Uint8Array(headerBytes + chunkBytes);
    this.#header = new Uint32Array(this.#buffer.buffer, 0, headerBytes / 4);
  }

  get bytes(): number {
    return this.#position;
  }

  /** Room for `bytes` more, after writing what there is if need be. A piece has at most 1 MiB. */
  async reserve(bytes: number): Promise<Uint8Array> {
    if (this.#used + bytes > this.#buffer.length) await this.#flush();
    const room = this.#buffer.subarray(this.#used, this.#used + bytes);
    this.#used += bytes;
    return room;
  }

  /** A chunk of a head of 16 bytes and a piece that isn't copied: it must not change until it is written. */
  async writeThrough(head: Uint8Array, piece: Uint8Array): Promise<void> {
    await this.#flush();
    const length = head.length + piece.length;
    this.#setHeader(length, chainOf(head, piece));
    const header = this.#buffer.subarray(0, headerBytes);
    await this.#file.writeParts([header, head, piece], this.#position);
    this.#position += headerBytes + length;
  }

  /** Writes the rest and syncs; returns the number of chunks. */
  async finish(): Promise<number> {
    try {
      await this.#flush();
      await this.#file.sync();
      return this.#chunks;
    } finally {
      this.#file.close();
    }
  }

  abandon(): void {
    this.#file.close();
  }

  async #flush(): Promise<void> {
    if (this.#used === headerBytes) return;
    this.#setHeader(this.#used - headerBytes, checksumOf(this.#buffer.subarray(headerBytes, this.#used)));
    await this.#file.write(this.#buffer.subarray(0, this.#used), this.#position);
    this.#position += this.#used;
    this.#used = headerBytes;
  }

  #setHeader(length: number, { low, high }: ChainHash): void {
    this.#header.set([magic, length, low, high, this.#chunks++, this.#token]);
  }
}

function checksumOf(payload: Uint8Array): ChainHash {
  return chainOf(payload.subarray(0, headBytes), payload.subarray(headBytes));
}

function chainOf(head: Uint8Array, rest: Uint8Array): ChainHash {
  const hash = new ChainHash();
  hash.add(head);
  hash.add(rest);
  return hash;
}

/** The largest piece of a chunk. */
export const maxPieceBytes = chunkBytes;

export interface ChunkSource {
  readonly path: string;
  readonly chunks: number;
  readonly token: number;
}

/** A part of a file of chunks that isn't what was written. */
export interface BadChunk {
  /** Where in the file the chunk begins. */
  readonly position: number;
  /** Whether only its payload is damaged, so that the next one can be found. */
  readonly skippable: boolean;
}

/** The payloads of a file of chunks, each verified. A payload is valid until the next. Throws `corrupt`. */
export async function* readChunks(files: FileSystem, source: ChunkSource): AsyncGenerator<Uint8Array> {
  for await (const chunk of checkChunks(files, source)) {
    if (chunk instanceof Uint8Array) yield chunk;
    else throw new StoreError("corrupt", `${source.path} at byte ${chunk.position} isn't what was written there`);
  }
}

/** The same, with what is damaged in its place instead of an error. */
export async function* checkChunks(
  files: FileSystem,
  { path, chunks, token }: ChunkSource,
): AsyncGenerator<Uint8Array | BadChunk> {
  const file = files.open(path, "read");
  try {
    const header = new Uint32Array(headerBytes / 4);
    let payload = new Uint8Array(0);
    let position = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const count = await file.read(new Uint8Array(header.buffer), position);
      const [word, length = 0, low, high, number, own] = header;
      const isOwn = word === magic && number === chunk && own === token;
      if (count < headerBytes || !isOwn || length > chunkBytes) return yield { position, skippable: false };
      if (payload.length < length) payload = new Uint8Array(length);
      const body = payload.subarray(0, length);
      if ((await file.read(body, position + headerBytes)) < length) return yield { position, skippable: false };
      const sum = checksumOf(body);
      yield sum.low === low && sum.high === high ? body : { position, skippable: true };
      position += headerBytes + length;
    }
  } finally {
    file.close();
  }
}
