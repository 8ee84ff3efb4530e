/** Single fields of a scanned map, read from its bytes: what the frame layer itself needs of a message, without a decoder. */

export interface Scanned {
  readonly bytes: Uint8Array;
  readonly isMap: boolean;
  readonly members: readonly (readonly [start: number, end: number])[];
}

/** Where the value of a key lies in a scanned map, as [start, end); undefined when the map has no such key. */
function rangeOf({ bytes, isMap, members }: Scanned, key: string): readonly [number, number] | undefined {
  if (!isMap) return undefined;
  for (let index = 0; index + 1 < members.length; index += 2) {
    const [start, end] = members[index] ?? [0, 0];
    if (readText(bytes.subarray(start, end)) === key) return members[index + 1];
  }
  return undefined;
}

/** The bytes of a key's value. */
export function fieldOf(scanned: Scanned, key: string): Uint8Array | undefined {
  const range = rangeOf(scanned, key);
  return range && scanned.bytes.subarray(...range);
}

/** A string of up to 255 bytes; undefined for anything else. */
export function readText(value: Uint8Array | undefined): string | undefined {
  const first = value?.[0];
  if (value === undefined || first === undefined) return undefined;
  if (first >= 0xa0 && first < 0xc0) return decoder.decode(value.subarray(1));
  return first === 0xd9 ? decoder.decode(value.subarray(2)) : undefined;
}

/** An integer from 0 to 2³² − 1, in any of its forms; undefined for anything else. */
export function readCount(value: Uint8Array | undefined): number | undefined {
  const first = value?.[0];
  if (value === undefined || first === undefined) return undefined;
  if (first < 0x80) return first;
  if (first !== 0xcc && first !== 0xcd && first !== 0xce) return undefined;
  return value.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
}

export function readBoolean(value: Uint8Array | undefined): boolean | undefined {
  if (value?.[0] === 0xc3) return true;
  return value?.[0] === 0xc2 ? false : undefined;
}

/** The content of a bin, as a view; undefined for anything else. */
export function readBinary(value: Uint8Array | undefined): Uint8Array | undefined {
  const lengthBytes = binaryLengthBytes[value?.[0] ?? 0];
  return lengthBytes === undefined ? undefined : value?.subarray(1 + lengthBytes);
}

const binaryLengthBytes: Readonly<Record<number, number>> = { 196: 1, 197: 2, 198: 4 };
const decoder = new TextDecoder();
