import { StoreError } from "../error.ts";
import { checksum64, type FileSystem, type StoreFile } from "../file/index.ts";

/** A chunk is collected in memory before it is written: large enough for the disk, small enough not to be a pause. */
const chunkBytes = 2 ** 20;
const headerBytes = 24;
const magic = 0x4b4e4843;

/**
 * A file of chunks: a header of 24 bytes (magic, length of the payload, its XXH3-64 in two halves, the chunk's number, the
 * checkpoint's token), then the payload. How many there are stands in the checkpoint's metadata.
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
    const { high, low } = checksum64(this.#buffer.subarray(headerBytes, this.#used));
    this.#header.set([magic, this.#used - headerBytes, low, high, this.#chunks++, this.#token]);
    await this.#file.write(this.#buffer.subarray(0, this.#used), this.#position);
    this.#position += this.#used;
    this.#used = headerBytes;
  }
}

/** The largest piece of a chunk. */
export const maxPieceBytes = chunkBytes;

export interface ChunkSource {
  readonly path: string;
  readonly chunks: number;
  readonly token: number;
}

/** The payloads of a file of chunks, each verified. A payload is valid until the next. */
export async function* readChunks(files: FileSystem, { path, chunks, token }: ChunkSource): AsyncGenerator<Uint8Array> {
  const file = files.open(path, "read");
  try {
    const header = new Uint32Array(headerBytes / 4);
    const payload = new Uint8Array(chunkBytes);
    let position = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const count = await file.read(new Uint8Array(header.buffer), position);
      const [word, length = 0, low, high, number, own] = header;
      const isOwn = word === magic && number === chunk && own === token;
      if (count < headerBytes || !isOwn || length > chunkBytes) throw corrupt(path, position);
      const body = payload.subarray(0, length);
      if ((await file.read(body, position + headerBytes)) < length) throw corrupt(path, position);
      const sum = checksum64(body);
      if (sum.low !== low || sum.high !== high) throw corrupt(path, position);
      position += headerBytes + length;
      yield body;
    }
  } finally {
    file.close();
  }
}

function corrupt(path: string, position: number): StoreError {
  return new StoreError("corrupt", `${path} at byte ${position} isn't what was written there`);
}
