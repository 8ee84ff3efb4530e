import { badMessage, type Fault, INCOMPLETE, REFUSED } from "./fault.ts";
import { type FieldSink, readFields } from "./field-section.ts";
import { Scratch } from "./scratch.ts";

/** Longest trailer section, in bytes with its empty line. */
const maxTrailerBytes = 8_192;
const maxTrailerFields = 32;

const tooLong = badMessage("the trailer section is longer than 8 KiB");
const nothing = Buffer.alloc(0);

/**
 * Fields that must not arrive behind a body, because a recipient that merges trailers into the head would be steered by
 * them (RFC 9110 §6.5.1). Framing, routing and hop-by-hop fields are dropped as well.
 */
const unsafe: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "set-cookie",
  "content-type",
  "content-encoding",
  "content-range",
  "content-location",
  "cache-control",
  "max-forwards",
  "pragma",
  "range",
  "age",
  "expires",
  "date",
  "location",
  "retry-after",
  "vary",
  "warning",
  "www-authenticate",
  "trailer",
]);

const scratch = new Scratch();

/** Reads the fields behind a chunked body, however they are cut, and keeps the harmless ones. */
export class TrailerSection implements FieldSink {
  fault: Fault | null = null;
  readonly dropped = unsafe;
  /** The field lines to pass on, without the empty line. */
  kept: Buffer = nothing;
  private partial: Buffer = nothing;

  start(): void {
    this.fault = null;
    this.kept = this.partial = nothing;
  }

  /** @returns the offset in `src` behind the section, `INCOMPLETE`, or `REFUSED` with `fault` set */
  read(src: Buffer, start: number, end: number): number {
    const before = this.partial.length;
    const section = before > 0 ? Buffer.concat([this.partial, src.subarray(start, end)]) : src;
    const from = before > 0 ? 0 : start;
    const limit = Math.min(before > 0 ? section.length : end, from + maxTrailerBytes);
    scratch.length = 0;
    const to = readFields(section, from, limit, scratch, this, maxTrailerFields);
    if (to >= 0) {
      this.kept = scratch.length > 0 ? Buffer.from(scratch.bytes.subarray(0, scratch.length)) : nothing;
      return before > 0 ? start + to - before : to;
    }
    if (to === INCOMPLETE && limit - from >= maxTrailerBytes) this.fault = tooLong;
    if (this.fault !== null) return REFUSED;
    this.partial = Buffer.from(section.subarray(from, limit));
    return INCOMPLETE;
  }

  field(): boolean {
    return false;
  }
}
