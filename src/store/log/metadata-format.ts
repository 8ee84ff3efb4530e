import { checksum64 } from "../file/index.ts";
import { getUint53, setUint53 } from "./numbers.ts";
import { formatVersion, refuseLater } from "./segment-format.ts";

/** What a log remembers beside its entries. Addresses and sequences are those of the next entry at that point. */
export interface Metadata {
  /** Tells this log from others. */
  readonly identity: number;
  /** Everything before it is gone. */
  readonly begin: Point;
  /** Everything before it was durable when this was written: recovery reads from here. */
  readonly durable: Point;
  /** Positions of the named iterators at that time. */
  readonly iterators: ReadonlyMap<string, number>;
}

export interface Point {
  readonly address: number;
  readonly sequence: number;
}

/**
 * The file `log.meta` has three places, each alone in its blocks so that a torn write of one can't reach another: two slots
 * written in turn, and a mark.
 *
 * A slot, little-endian: `SOLOLOGM`, version u32, bytes used u32, generation u64, identity u32, number of iterators u32,
 * begin address u64 and sequence u64, durable address u64 and sequence u64, for each iterator its address u64, the bytes
 * of its name u32 and the name, and last XXH3-64 of all before it, lower half first. The valid slot of the higher
 * generation counts; slot `generation mod 2` is written and synced before the other one is touched again.
 */
export const slotBytes = 8_192;
export const slotOffsets = [0, slotBytes] as const;
export const markOffset = 2 * slotBytes;
export const metadataBytes = markOffset + 4_096;

/** Longest name of an iterator, in bytes of UTF-8, and how many there can be: all of them fit into a slot. */
export const iteratorNameBytes = 64;
export const maxIterators = 64;

export interface Slot extends Metadata {
  readonly generation: number;
}

const magic = Buffer.from("SOLOLOGM");
const fixedBytes = 64;

export function encodeSlot({ generation, identity, begin, durable, iterators }: Slot): Uint8Array {
  const names = [...iterators].map(([name, address]) => ({ name: Buffer.from(name), address }));
  const used = fixedBytes + names.reduce((sum, { name }) => sum + 12 + name.length, 0) + 8;
  const bytes = new Uint8Array(slotBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, used, true);
  setUint53(view, 16, generation);
  view.setUint32(24, identity, true);
  view.setUint32(28, names.length, true);
  for (const [index, value] of [begin.address, begin.sequence, durable.address, durable.sequence].entries()) {
    setUint53(view, 32 + 8 * index, value);
  }
  let at = fixedBytes;
  for (const { name, address } of names) {
    setUint53(view, at, address);
    view.setUint32(at + 8, name.length, true);
    bytes.set(name, at + 12);
    at += 12 + name.length;
  }
  seal(bytes, view, at);
  return bytes;
}

/**
 * `undefined` when it isn't a whole slot.
 * @throws `too_new` when it is one of a later format
 */
export function decodeSlot(bytes: Uint8Array, path: string): Slot | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < slotBytes || !magic.equals(bytes.subarray(0, 8))) return undefined;
  const used = view.getUint32(12, true);
  if (used < fixedBytes + 8 || used > slotBytes || !isSealed(bytes, view, used - 8)) return undefined;
  refuseLater(view.getUint32(8, true), path);
  const iterators = new Map<string, number>();
  for (let at = fixedBytes, left = view.getUint32(28, true); left > 0; left--) {
    const length = view.getUint32(at + 8, true);
    iterators.set(Buffer.from(bytes.subarray(at + 12, at + 12 + length)).toString(), getUint53(view, at));
    at += 12 + length;
  }
  return {
    generation: getUint53(view, 16),
    identity: view.getUint32(24, true),
    begin: { address: getUint53(view, 32), sequence: getUint53(view, 40) },
    durable: { address: getUint53(view, 48), sequence: getUint53(view, 56) },
    iterators,
  };
}

/**
 * The mark says up to where the log was durable when it last came to rest. It is written without a sync, so it may be
 * missing or old, but what it says is true. 40 bytes: `SOLOMARK`, identity u32, zeros u32, address u64, sequence u64,
 * XXH3-64 of all before.
 */
export function encodeMark(identity: number, { address, sequence }: Point): Uint8Array {
  const bytes = new Uint8Array(40);
  const view = new DataView(bytes.buffer);
  bytes.set(markMagic);
  view.setUint32(8, identity, true);
  setUint53(view, 16, address);
  setUint53(view, 24, sequence);
  seal(bytes, view, 32);
  return bytes;
}

export function decodeMark(bytes: Uint8Array, identity: number): Point | undefined {
  if (bytes.length < 40 || !markMagic.equals(bytes.subarray(0, 8))) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isSealed(bytes, view, 32) || view.getUint32(8, true) !== identity) return undefined;
  return { address: getUint53(view, 16), sequence: getUint53(view, 24) };
}

const markMagic = Buffer.from("SOLOMARK");

function seal(bytes: Uint8Array, view: DataView, at: number): void {
  const { low, high } = checksum64(bytes.subarray(0, at));
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high, true);
}

function isSealed(bytes: Uint8Array, view: DataView, at: number): boolean {
  const { low, high } = checksum64(bytes.subarray(0, at));
  return view.getUint32(at, true) === low && view.getUint32(at + 4, true) === high;
}
