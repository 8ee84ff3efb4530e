import { ChunkedDecoder, type ChunkedPart } from "./chunked.ts";
import type { Fault } from "./fault.ts";
import type { ByteSink } from "./scratch.ts";

/** How the end of a body is found (RFC 9112 §6.3). */
export const BodyKind = { none: 0, length: 1, chunked: 2, untilClose: 3 } as const;
export type BodyKind = (typeof BodyKind)[keyof typeof BodyKind];

/** Passes one body after another on to a sink, and knows where each ends. */
export class BodyReader {
  done = true;
  fault: Fault | null = null;
  private kind: BodyKind = BodyKind.none;
  private left = 0;
  private decoder: ChunkedDecoder | null = null;

  /** @param part what is passed on of a chunked body */
  start(kind: BodyKind, contentLength: number, part: ChunkedPart): void {
    this.kind = kind;
    this.left = contentLength;
    this.fault = null;
    this.done = kind === BodyKind.none || (kind === BodyKind.length && contentLength === 0);
    if (kind === BodyKind.chunked) (this.decoder ??= new ChunkedDecoder()).start(part);
  }

  /** Passes on what belongs to the body. @returns the offset of the first byte that doesn't */
  consume(src: Buffer, start: number, end: number, sink: ByteSink): number {
    if (this.done || start >= end) return start;
    switch (this.kind) {
      case BodyKind.length: {
        const to = Math.min(end, start + this.left);
        this.left -= to - start;
        this.done = this.left === 0;
        sink.write(src, start, to);
        return to;
      }
      case BodyKind.chunked:
        return this.consumeChunked(src, start, end, sink);
      default:
        sink.write(src, start, end);
        return end;
    }
  }

  /** The sender closed the connection. @returns whether that completes the body */
  close(): boolean {
    this.done ||= this.kind === BodyKind.untilClose;
    return this.done;
  }

  private consumeChunked(src: Buffer, start: number, end: number, sink: ByteSink): number {
    const decoder = (this.decoder ??= new ChunkedDecoder());
    const to = decoder.consume(src, start, end, sink);
    this.done = decoder.done;
    this.fault = decoder.fault;
    return to;
  }
}
