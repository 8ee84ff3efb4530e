/** Cuts bytes into lines of text. */
export class Lines {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #isSkipping = false;

  /** @param maxBytes of a line without its end */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in a chunk; null stands for one that was too long, whose bytes were not kept. */
  *take(chunk: Uint8Array): Generator<string | null> {
    let begin = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, begin)) {
      this.#keep(chunk.subarray(begin, end));
      begin = end + 1;
      yield this.#end();
    }
    this.#keep(chunk.subarray(begin));
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) {
      this.#isSkipping = true;
      this.#parts = [];
    }
    // The chunk's memory may be used again by whoever read it.
    if (!this.#isSkipping) this.#parts.push(part.slice());
  }

  #end(): string | null {
    const line = this.#isSkipping ? null : Buffer.concat(this.#parts).toString("utf8");
    this.#parts = [];
    this.#bytes = 0;
    this.#isSkipping = false;
    return line;
  }
}

const newline = 0x0a;
