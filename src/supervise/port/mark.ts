import { toFrame } from "../../api/frames/index.ts";
import { pack } from "../../api/message-pack.ts";

/** The frame that an agent sends first after a `hello`: its session as a bin. What lies before it is nobody's. */
export function markOf(session: Uint8Array): Uint8Array {
  return toFrame(pack(session));
}

/** Finds a mark in a stream of bytes, however it is split. */
export class MarkFinder {
  readonly #mark: Buffer;
  /** The end of what came, in which a mark may have begun. */
  #tail = Buffer.alloc(0);

  constructor(mark: Uint8Array) {
    this.#mark = Buffer.from(mark);
  }

  /** What lies behind the mark, once it has come. */
  push(bytes: Uint8Array): Uint8Array | undefined {
    const seen = Buffer.concat([this.#tail, bytes]);
    const at = seen.indexOf(this.#mark);
    if (at >= 0) return seen.subarray(at + this.#mark.length);
    this.#tail = seen.subarray(Math.max(0, seen.length - this.#mark.length + 1));
    return undefined;
  }
}
