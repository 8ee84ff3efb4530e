import { CR, classes, LF, VALUE } from "./bytes.ts";
import { badMessage, type Fault, INCOMPLETE } from "./fault.ts";
import type { ByteSink } from "./scratch.ts";
import { TrailerSection } from "./trailers.ts";

/** A chunk's size has at most 8 hexadecimal digits and stays below 2^31, so that no upstream's integer overflows. */
const maxSizeDigits = 8;
const maxChunkBytes = 0x7fff_ffff;
/** Chunk extensions are accepted and left out (RFC 9112 §7.1.1); all of one body's together may take this much. */
const maxExtensionBytes = 4_096;

const badSize = badMessage("a chunk size is malformed");
const tooLarge = badMessage("a chunk is larger than 2 GiB");
const badExtension = badMessage("a chunk extension is malformed or too long");
const badEnd = badMessage("a chunk does not end with CRLF");

const semicolon = 0x3b;
const crlf = Buffer.from("\r\n");
/**
 * The LF of the last chunk's line is passed on only with the end of the message: servers exist (Bun's) that take the line for
 * the end, and answer while the client's trailers are still on their way.
 */
const heldBack = Buffer.from("\n");

const State = { size: 0, extension: 1, sizeLf: 2, data: 3, dataCr: 4, dataLf: 5, trailers: 6 } as const;
type State = (typeof State)[keyof typeof State];

/**
 * What is passed on of a chunked body: `whole` is its framing, its data and its harmless trailers, `trailerless` the same
 * without trailers, `data` the data alone.
 */
export type ChunkedPart = "whole" | "trailerless" | "data";

/**
 * Checks the chunked coding (RFC 9112 §7.1) byte by byte, however it is cut, and passes it on as it is, but for chunk
 * extensions and unsafe trailers, or the part of it that is asked for.
 */
export class ChunkedDecoder {
  done = false;
  fault: Fault | null = null;
  private state: State = State.size;
  private part: ChunkedPart = "whole";
  private size = 0;
  private digits = 0;
  private left = 0;
  private extensionBytes = 0;
  private readonly trailers = new TrailerSection();

  start(part: ChunkedPart): void {
    this.done = false;
    this.fault = null;
    this.state = State.size;
    this.part = part;
    this.size = this.digits = this.left = this.extensionBytes = 0;
    this.trailers.start();
  }

  /** @returns the offset behind the body, or `end`; on a fault, the offset is of no use */
  consume(src: Buffer, start: number, end: number, sink: ByteSink): number {
    let at = start;
    // Start of what was checked but not passed on yet.
    let span = start;
    while (at < end) {
      switch (this.state) {
        case State.data: {
          const to = Math.min(end, at + this.left);
          this.left -= to - at;
          if (this.part === "data") sink.write(src, at, to);
          at = to;
          if (this.left === 0) this.state = State.dataCr;
          break;
        }
        case State.extension: {
          if (this.skipExtension(src[at] ?? 0)) at++;
          // What follows an extension is passed on from its CR.
          else span = at;
          break;
        }
        case State.trailers: {
          this.pass(src, span, at - 1, sink);
          return this.readTrailers(src, at, end, sink);
        }
        default: {
          const hasExtension = this.state === State.size && src[at] === semicolon && this.digits > 0;
          if (hasExtension) {
            this.pass(src, span, at, sink);
            this.state = State.extension;
          } else this.step(src[at] ?? 0);
          at++;
        }
      }
      if (this.fault !== null) return at;
    }
    if (this.state === State.trailers) this.pass(src, span, end - 1, sink);
    else if (this.state !== State.extension) this.pass(src, span, end, sink);
    return end;
  }

  private step(byte: number): void {
    switch (this.state) {
      case State.size:
        this.stepSize(byte);
        return;
      case State.sizeLf:
        if (byte !== LF) this.fault = badSize;
        this.left = this.size;
        this.state = this.size === 0 ? State.trailers : State.data;
        this.size = this.digits = 0;
        return;
      case State.dataCr:
        if (byte !== CR) this.fault = badEnd;
        this.state = State.dataLf;
        return;
      case State.dataLf:
        if (byte !== LF) this.fault = badEnd;
        this.state = State.size;
        return;
    }
  }

  private stepSize(byte: number): void {
    const digit = hexValue(byte);
    if (digit >= 0) {
      this.size = this.size * 16 + digit;
      if (++this.digits > maxSizeDigits || this.size > maxChunkBytes) this.fault = tooLarge;
    } else if (byte === CR && this.digits > 0) this.state = State.sizeLf;
    else this.fault = badSize;
  }

  /** Whether the byte belongs to the extension; the CR behind it doesn't. */
  private skipExtension(byte: number): boolean {
    if (byte === CR) {
      this.state = State.size;
      return false;
    }
    if (((classes[byte] ?? 0) & VALUE) === 0 || ++this.extensionBytes > maxExtensionBytes) this.fault = badExtension;
    return true;
  }

  private readTrailers(src: Buffer, at: number, end: number, sink: ByteSink): number {
    const to = this.trailers.read(src, at, end);
    this.fault = this.trailers.fault;
    if (to === INCOMPLETE || this.fault !== null) return end;
    this.done = true;
    if (this.part !== "data") {
      const { kept } = this.trailers;
      sink.write(heldBack, 0, heldBack.length);
      if (kept.length > 0 && this.part === "whole") sink.write(kept, 0, kept.length);
      sink.write(crlf, 0, crlf.length);
    }
    return to;
  }

  private pass(src: Buffer, start: number, end: number, sink: ByteSink): void {
    if (this.part !== "data" && end > start) sink.write(src, start, end);
  }
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
