import { headerBytes, maxFrameBytes } from "./limits.ts";
import { FrameRefusal } from "./refusal.ts";

/** What an unfinished frame gets at first; it grows with what has come, and never by what its header promises. */
const firstBytes = 4_096;

/**
 * Cuts a stream of bytes into the payloads of its frames. A payload that lies in one piece in what is pushed is handed out
 * as a view of it, without a copy.
 */
export class FrameSplitter {
  readonly #limit: number;
  readonly #header = new Uint8Array(headerBytes);
  #headerFilled = 0;
  /** Of the frame under way; undefined between frames. */
  #length: number | undefined;
  #body = new Uint8Array(0);
  #filled = 0;
  #refusal: FrameRefusal | undefined;

  /** @param limit longest payload in bytes */
  constructor(limit: number = maxFrameBytes) {
    this.#limit = limit;
  }

  /** Whether the stream stands at the beginning of a frame. */
  get isBetweenFrames(): boolean {
    return this.#headerFilled === 0 && this.#length === undefined;
  }

  /**
   * Takes what came and calls `receive` for each payload that it completes. The payload may be a view of `bytes`: who keeps
   * it, and lets `bytes` be written again, copies it.
   * @returns the refusal of a frame that is too long; nothing more is read until `reset`
   */
  push(bytes: Uint8Array, receive: (payload: Uint8Array) => void): FrameRefusal | undefined {
    let at = 0;
    while (this.#refusal === undefined) {
      if (this.#length === undefined) {
        at = this.#readHeader(bytes, at);
        if (this.#length === undefined) break;
        continue;
      }
      const missing = this.#length - this.#filled;
      if (this.#filled === 0 && bytes.length - at >= missing) {
        this.#length = undefined;
        at += missing;
        receive(bytes.subarray(at - missing, at));
        continue;
      }
      const taken = Math.min(missing, bytes.length - at);
      if (taken > 0) this.#keep(bytes.subarray(at, at + taken));
      at += taken;
      if (taken < missing) break;
      const payload = this.#body.subarray(0, this.#length);
      this.#clear();
      receive(payload);
    }
    return this.#refusal;
  }

  /** At the end of the stream: refuses a frame that was cut off. */
  end(): FrameRefusal | undefined {
    if (this.#refusal !== undefined || this.isBetweenFrames) return this.#refusal;
    const text =
      this.#length === undefined
        ? `the stream ended within a header, after ${this.#headerFilled} of ${headerBytes} bytes`
        : `the stream ended within a frame, after ${this.#filled} of ${this.#length} bytes`;
    return new FrameRefusal("truncated", text);
  }

  /** Forgets an unfinished frame and a refusal: the next byte begins a header. */
  reset(): void {
    this.#clear();
    this.#headerFilled = 0;
    this.#refusal = undefined;
  }

  /** Takes bytes of a header. Returns where the payload, or the next push, goes on. */
  #readHeader(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && this.#headerFilled < headerBytes) {
      this.#header[this.#headerFilled] = bytes[at] ?? 0;
      this.#headerFilled += 1;
      at += 1;
    }
    if (this.#headerFilled < headerBytes) return at;
    this.#headerFilled = 0;
    const length = this.#header.reduce((sum, byte) => sum * 256 + byte, 0);
    if (length <= this.#limit) this.#length = length;
    else {
      const text = `a frame of ${length} bytes was announced, and one holds at most ${this.#limit}`;
      this.#refusal = new FrameRefusal("oversized_frame", text);
    }
    return at;
  }

  #keep(part: Uint8Array): void {
    const needed = this.#filled + part.length;
    if (needed > this.#body.length) {
      const larger = new Uint8Array(Math.min(this.#length ?? needed, Math.max(firstBytes, needed * 2)));
      larger.set(this.#body.subarray(0, this.#filled));
      this.#body = larger;
    }
    this.#body.set(part, this.#filled);
    this.#filled = needed;
  }

  #clear(): void {
    this.#length = undefined;
    this.#body = new Uint8Array(0);
    this.#filled = 0;
  }
}
