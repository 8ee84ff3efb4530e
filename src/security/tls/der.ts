/** Distinguished encoding (X.690): as much of it as certificates need. Every function answers a whole element. */

export type Der = Buffer;

export function sequence(...elements: readonly Der[]): Der {
  return element(0x30, Buffer.concat(elements));
}

export function set(...elements: readonly Der[]): Der {
  return element(0x31, Buffer.concat(elements));
}

/** A whole number that is not negative, most significant byte first. */
export function integer(bytes: Uint8Array | number): Der {
  const digits = typeof bytes === "number" ? Buffer.from([bytes]) : Buffer.from(bytes);
  const first = digits.findIndex((byte) => byte !== 0);
  const least = first === -1 ? Buffer.from([0]) : digits.subarray(first);
  // The first bit is the sign.
  return element(0x02, (least[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), least]) : least);
}

export function boolean(value: boolean): Der {
  return element(0x01, Buffer.from([value ? 0xff : 0]));
}

export function octets(bytes: Uint8Array): Der {
  return element(0x04, Buffer.from(bytes));
}

/** @param unused bits at the end of the last byte that don't count */
export function bits(bytes: Uint8Array, unused = 0): Der {
  return element(0x03, Buffer.concat([Buffer.from([unused]), bytes]));
}

export function utf8(text: string): Der {
  return element(0x0c, Buffer.from(text, "utf8"));
}

/** An object identifier such as `2.5.4.3`. */
export function identifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** `UTCTime` until 2049, `GeneralizedTime` from then on, as RFC 5280 has it (section 4.1.2.5). */
export function time(date: Date): Der {
  const digits = `${date.toISOString().replaceAll(/[-:T]|\.\d+/g, "")}`;
  return date.getUTCFullYear() < 2050
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits));
}

/** An element with a tag of the structure's own, around others (`constructed`) or in the place of a plain one. */
export function tagged(tag: number, content: Uint8Array, kind: "constructed" | "primitive"): Der {
  return element((kind === "constructed" ? 0xa0 : 0x80) + tag, Buffer.from(content));
}

function element(tag: number, content: Buffer): Der {
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes = Buffer.from(length.toString(16).padStart(length < 0x100 ? 2 : length < 0x10000 ? 4 : 6, "0"), "hex");
  return [0x80 + bytes.length, ...bytes];
}

/** Seven bits a byte; all but the last have the eighth set. */
function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}
