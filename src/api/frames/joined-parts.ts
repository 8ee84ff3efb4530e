/** Blocks are not smaller than this, so that a million tiny chunks cost no million buffers. */
const blockBytes = 65_536;

/** Collects the data of chunks: at most twice the memory of what came, in few buffers. */
export class JoinedParts {
  readonly #blocks: { readonly buffer: Uint8Array; filled: number }[] = [];
  bytes = 0;

  add(data: Uint8Array): void {
    const last = this.#blocks.at(-1);
    const fits = last === undefined ? 0 : Math.min(data.length, last.buffer.length - last.filled);
    if (last !== undefined && fits > 0) {
      last.buffer.set(data.subarray(0, fits), last.filled);
      last.filled += fits;
    }
    if (fits < data.length) {
      const buffer = new Uint8Array(Math.max(blockBytes, data.length - fits));
      buffer.set(data.subarray(fits));
      this.#blocks.push({ buffer, filled: data.length - fits });
    }
    this.bytes += data.length;
  }

  list(): Uint8Array[] {
    return this.#blocks.map(({ buffer, filled }) => buffer.subarray(0, filled));
  }
}
