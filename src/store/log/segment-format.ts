import { StoreError } from "../error.ts";
import { checksum64 } from "../file/index.ts";
import { getUint53, setUint53 } from "./numbers.ts";

/**
 * A segment is a file that holds the log from its base address to that of the next segment. It begins with this header,
 * little-endian; the byte of address `a` lies at `segmentHeaderBytes + a - base`.
 *
 * | at | bytes | |
 * |---|---|---|
 * | 0 | 8 | `SOLOLOGS` |
 * | 8 | 4 | format version |
 * | 12 | 4 | identity of the log |
 * | 16 | 8 | base address |
 * | 24 | 8 | sequence of the first entry |
 * | 32 | 8 | base address of the segment before; its own for the first one ever |
 * | 40 | 16 | zeros |
 * | 56 | 8 | XXH3-64 of the 56 bytes before, lower half first |
 */
export const segmentHeaderBytes = 64;

/** Format of segments, entries and metadata. A log of a later one is refused with `too_new`. */
export const formatVersion = 1;

export interface SegmentHeader {
  readonly identity: number;
  readonly base: number;
  readonly firstSequence: number;
  readonly previousBase: number;
}

const magic = Buffer.from("SOLOLOGS");
const namePattern = /^segment-([0-9a-f]{14})\.log$/;

export function segmentName(base: number): string {
  return `segment-${base.toString(16).padStart(14, "0")}.log`;
}

/** The base address in a file's name; `undefined` for other files. */
export function baseInName(name: string): number | undefined {
  const digits = namePattern.exec(name)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

export function encodeSegmentHeader({ identity, base, firstSequence, previousBase }: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, identity, true);
  setUint53(view, 16, base);
  setUint53(view, 24, firstSequence);
  setUint53(view, 32, previousBase);
  const { low, high } = checksum64(bytes.subarray(0, 56));
  view.setUint32(56, low, true);
  view.setUint32(60, high, true);
  return bytes;
}

/**
 * `undefined` when these bytes aren't a whole header.
 * @throws `too_new` when they are one of a later format
 */
export function decodeSegmentHeader(bytes: Uint8Array, path: string): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes || !magic.equals(bytes.subarray(0, 8))) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const { low, high } = checksum64(bytes.subarray(0, 56));
  if (view.getUint32(56, true) !== low || view.getUint32(60, true) !== high) return undefined;
  refuseLater(view.getUint32(8, true), path);
  return {
    identity: view.getUint32(12, true),
    base: getUint53(view, 16),
    firstSequence: getUint53(view, 24),
    previousBase: getUint53(view, 32),
  };
}

export function refuseLater(version: number, path: string): void {
  if (version <= formatVersion) return;
  throw new StoreError("too_new", `${path} has format ${version}, and this program knows up to ${formatVersion}`);
}
