import { CR, classes, LF, SP, TARGET, TOKEN } from "./bytes.ts";
import { badMessage, type Fault } from "./fault.ts";

/** A request line longer than this is answered with 414. 8,000 octets is what RFC 9112 §3 asks for at least. */
const maxRequestLineBytes = 8_192;
const maxMethodBytes = 24;

const tooLong: Fault = { status: 414, reason: "the request line is longer than 8 KiB" };
const badMethod = badMessage("the method is not a token");
const badTarget = badMessage("the request target is malformed");
const badLine = badMessage("the request line is malformed");
const badVersion: Fault = { status: 505, reason: "only HTTP/1.1 and HTTP/1.0 are spoken here" };
const notSupported: Fault = { status: 405, reason: "CONNECT and TRACE are not supported" };

const versionPrefix = Buffer.from("HTTP/");
const httpScheme = Buffer.from("http://");
const slash = 0x2f;
const star = 0x2a;
const question = 0x3f;
const dot = 0x2e;

/** The request line (RFC 9112 §3) of a message, as offsets into its bytes. One object serves all requests in turn. */
export class RequestLine {
  fault: Fault | null = null;
  method = "";
  version10 = false;
  /** The path and query to forward; empty for `http://host`, which means `/`. */
  pathStart = 0;
  pathEnd = 0;
  /** The authority of an absolute-form target, which then counts instead of `Host`; empty otherwise. */
  authorityStart = 0;
  authorityEnd = 0;

  /** @returns the offset behind the line; -1 when it is incomplete; -2 when it is refused, with `fault` set */
  read(src: Buffer, start: number, end: number): number {
    this.fault = null;
    let at = start;
    let byte = 0;
    while (at < end && ((classes[(byte = src[at] ?? 0)] ?? 0) & TOKEN) !== 0) at++;
    if (at - start > maxMethodBytes) return this.refuse(badMethod);
    if (at >= end) return -1;
    if (byte !== SP || at === start) return this.refuse(badMethod);
    this.method = methodName(src, start, at);

    const target = ++at;
    while (at < end && ((classes[(byte = src[at] ?? 0)] ?? 0) & TARGET) !== 0) at++;
    if (at - start > maxRequestLineBytes) return this.refuse(tooLong);
    if (at >= end) return -1;
    // Without a version after the target this is HTTP/0.9, whose answers have no head.
    if (byte !== SP) return this.refuse(byte === CR || byte === LF ? badLine : badTarget);
    const targetEnd = at++;

    const version = at;
    for (let i = 0; i < versionPrefix.length; i++, at++) {
      if (at >= end) return -1;
      if (src[at] !== versionPrefix[i]) return this.refuse(badLine);
    }
    if (version + 10 > end) return -1;
    if (src[at + 1] !== dot || src[at + 3] !== CR || src[at + 4] !== LF) return this.refuse(badLine);
    const minor = src[at + 2];
    if (src[at] !== 0x31 || (minor !== 0x31 && minor !== 0x30)) return this.refuse(badVersion);
    this.version10 = minor === 0x30;

    if (this.method === "CONNECT" || this.method === "TRACE") return this.refuse(notSupported);
    return this.readTarget(src, target, targetEnd) ? version + 10 : this.refuse(badTarget);
  }

  private readTarget(src: Buffer, start: number, end: number): boolean {
    this.pathStart = start;
    this.pathEnd = end;
    this.authorityStart = this.authorityEnd = 0;
    if (src[start] === slash) return true;
    if (src[start] === star) return end - start === 1 && this.method === "OPTIONS";
    return this.readAbsolute(src, start, end);
  }

  private readAbsolute(src: Buffer, start: number, end: number): boolean {
    for (let i = 0; i < httpScheme.length; i++) {
      const byte = src[start + i] ?? 0;
      if (((classes[byte] ?? 0) & TOKEN) !== 0 ? (byte | 0x20) !== httpScheme[i] : byte !== httpScheme[i]) return false;
    }
    let at = (this.authorityStart = start + httpScheme.length);
    while (at < end && src[at] !== slash && src[at] !== question) at++;
    this.authorityEnd = at;
    this.pathStart = at;
    return at > this.authorityStart && at <= end;
  }

  private refuse(fault: Fault): number {
    this.fault = fault;
    return -2;
  }
}

const get = Buffer.from("GET");

/** Methods are case-sensitive (RFC 9110 §9.1). The most common one costs no new string. */
function methodName(src: Buffer, start: number, end: number): string {
  const isGet = end - start === 3 && src[start] === get[0] && src[start + 1] === get[1] && src[start + 2] === get[2];
  return isGet ? "GET" : src.toString("latin1", start, end);
}
