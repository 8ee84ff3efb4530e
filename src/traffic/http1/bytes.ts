/** Byte classes of HTTP/1.1 grammar (RFC 9110 §5.6, RFC 9112 §3), as one table: a class test is one load and one mask. */

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;

/** `tchar`: methods, field names and other tokens. */
export const TOKEN = 1;
/** What a field value or reason phrase may hold: visible ASCII, SP, HTAB and obs-text; no other control character. */
export const VALUE = 2;
/** What a request target may hold: visible ASCII but `#`, which starts a fragment and is never sent. */
export const TARGET = 4;
/** What a routable host name may hold: letters, digits, `-`, `.`, `_` and `~`. Percent-encoding and sub-delims are refused. */
export const HOST = 8;
const DIGIT = 16;

export const classes = new Uint8Array(256);
/** Upper-case letters become lower-case, and `_` becomes `-`: the form in which field names are compared. */
export const folded = new Uint8Array(256);

for (let byte = 0; byte < 256; byte++) {
  const char = String.fromCharCode(byte);
  let mask = 0;
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char)) mask |= TOKEN;
  if (byte === TAB || (byte >= SP && byte !== 0x7f)) mask |= VALUE;
  if (byte > SP && byte < 0x7f && char !== "#") mask |= TARGET;
  if (/[A-Za-z0-9\-._~]/.test(char)) mask |= HOST;
  if (/[0-9]/.test(char)) mask |= DIGIT;
  classes[byte] = mask;
  folded[byte] = char === "_" ? 0x2d : /[A-Z]/.test(char) ? byte + 32 : byte;
}

/** Whether `src[start, end)` is `name` (given lower-case) in any case, `_` counting as `-`. */
export function equalsFolded(src: Buffer, start: number, end: number, name: Buffer): boolean {
  return end - start === name.length && startsFolded(src, start, end, name);
}

/** Whether `src[start, end)` begins with `prefix` (given lower-case) in any case, `_` counting as `-`. */
export function startsFolded(src: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) {
    if (folded[src[start + i] ?? 0] !== prefix[i]) return false;
  }
  return true;
}

/** 15 digits stay below 2^53, so that a length is exact as a number. */
const maxDecimalDigits = 15;

/** The value of `src[start, end)` if it is 1 to 15 decimal digits and nothing else, or -1. */
export function parseDecimal(src: Buffer, start: number, end: number): number {
  if (end <= start || end - start > maxDecimalDigits) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const byte = src[i] ?? 0;
    if (((classes[byte] ?? 0) & DIGIT) === 0) return -1;
    value = value * 10 + (byte - 0x30);
  }
  return value;
}
