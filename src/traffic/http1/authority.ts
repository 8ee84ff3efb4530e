import { COLON, classes, HOST, parseDecimal } from "./bytes.ts";

const openBracket = 0x5b;
const closeBracket = 0x5d;
const dot = 0x2e;
const ipv6 = /^[0-9a-f:.]+$/;
const maxHostBytes = 255;

/**
 * The host of `src[start, end)`, an authority `host [":" port]` (RFC 9110 §4.2, §7.2), for the route table: lower-case,
 * without port, without the dot that ends a fully qualified name; or `null` when it is empty or malformed.
 */
export function parseAuthority(src: Buffer, start: number, end: number): string | null {
  if (start >= end) return null;
  let at = start;
  if (src[at] === openBracket) {
    while (at < end && src[at] !== closeBracket) at++;
    if (at === end || !ipv6.test(src.toString("latin1", start + 1, at).toLowerCase())) return null;
    at++;
  } else {
    while (at < end && ((classes[src[at] ?? 0] ?? 0) & HOST) !== 0) at++;
  }
  const hostEnd = at;
  if (hostEnd === start || hostEnd - start > maxHostBytes) return null;
  if (at < end) {
    if (src[at] !== COLON) return null;
    if (at + 1 < end) {
      const port = parseDecimal(src, at + 1, end);
      if (port < 0 || port > 65_535) return null;
    }
  }
  const fullyQualified = src[hostEnd - 1] === dot && hostEnd - start > 1;
  return src.toString("latin1", start, fullyQualified ? hostEnd - 1 : hostEnd).toLowerCase();
}

/** Remembers the last authority: requests of one service come in runs, and a comparison costs less than a new string. */
export class AuthorityCache {
  private bytes: Buffer = Buffer.alloc(0);
  private host: string | null = null;

  parse(src: Buffer, start: number, end: number): string | null {
    if (!this.holds(src, start, end)) {
      this.host = parseAuthority(src, start, end);
      this.bytes = Buffer.from(src.subarray(start, end));
    }
    return this.host;
  }

  private holds(src: Buffer, start: number, end: number): boolean {
    const { bytes } = this;
    if (end - start !== bytes.length) return false;
    for (let i = 0; i < bytes.length; i++) if (src[start + i] !== bytes[i]) return false;
    return true;
  }
}
