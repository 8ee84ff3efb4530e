import { checksum64 } from "../file/index.ts";

/**
 * The checksum of a part of the log that is flushed piece by piece: every page's share is hashed, and the hashes are
 * folded in order. Reading the same range page by page gives the same result.
 */
export class ChainHash {
  low = 0;
  high = 0;
  readonly #fold = new Uint8Array(16);
  readonly #words = new Uint32Array(this.#fold.buffer);

  reset(): void {
    this.low = 0;
    this.high = 0;
  }

  /** Adds what one page contributes; nothing when it is empty. */
  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const { high, low } = checksum64(bytes);
    this.#words[0] = this.low;
    this.#words[1] = this.high;
    this.#words[2] = low;
    this.#words[3] = high;
    const folded = checksum64(this.#fold);
    this.low = folded.low;
    this.high = folded.high;
  }
}
