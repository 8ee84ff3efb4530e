import { BodyKind } from "./body.ts";
import { CR, classes, equalsFolded, LF, parseDecimal, SP, VALUE } from "./bytes.ts";
import { ConnectionOptions } from "./connection-field.ts";
import { badMessage, type Fault, INCOMPLETE, REFUSED } from "./fault.ts";
import { Field, type FieldId } from "./field-names.ts";
import { type FieldSink, readFields } from "./field-section.ts";
import { Scratch } from "./scratch.ts";

/** Longest response head, in bytes with its empty line: twice a request's, for many cookies. */
const maxResponseHeadBytes = 32_768;
const maxResponseFields = 200;

const headTooLong = badMessage("the response head is longer than 32 KiB");
const badStatusLine = badMessage("the status line is malformed");
const badLength = badMessage("Content-Length is not a number of up to 15 digits");
const twoLengths = badMessage("more than one Content-Length field");
const badCoding = badMessage("Transfer-Encoding is not exactly `chunked`");
const bothFramings = badMessage("Content-Length and Transfer-Encoding together, or one of them twice");
const codingIn10 = badMessage("Transfer-Encoding in an HTTP/1.0 response");
const badConnection = badMessage("the Connection field is not a list of tokens");
const unasked = badMessage("101 without a request to switch protocols");

const versionStart = Buffer.from("HTTP/1.");
const statusStart = Buffer.from("HTTP/1.1 ");
const crlf = Buffer.from("\r\n");
const chunked = Buffer.from("chunked");
const lengthField = Buffer.from("Content-Length: ");
const chunkedField = Buffer.from("Transfer-Encoding: chunked\r\n");
const closeField = Buffer.from("Connection: close\r\n");
const keepAliveField = Buffer.from("Connection: keep-alive\r\n");
const upgradeFields = Buffer.from("Connection: Upgrade\r\nUpgrade: ");
const upgradeField = Buffer.from("Upgrade: ");

/** What the head of a response means depends on its request. */
export interface AskedBy {
  readonly isHead: boolean;
  readonly version10: boolean;
  readonly upgrade: boolean;
}

/** Reads a response's head and writes the one to forward into `out`, as `RequestHead` does for requests. */
export class ResponseHead implements FieldSink {
  readonly out = new Scratch();
  readonly connection = new ConnectionOptions();
  fault: Fault | null = null;
  status = 0;
  bodyKind: BodyKind = BodyKind.none;
  contentLength = 0;
  /** Whether the upstream connection may carry another request afterwards. */
  reusable = false;

  private version10 = false;
  private lengths = 0;
  private codings = 0;
  private upgradeTo: string | null = null;

  get dropped(): ReadonlySet<string> | null {
    return this.connection.listed;
  }

  /** @returns the offset behind the head, `INCOMPLETE`, or `REFUSED` with `fault` set */
  read(src: Buffer, start: number, asked: AskedBy): number {
    this.connection.listed = null;
    const end = this.readOnce(src, start, asked);
    return end >= 0 && this.connection.listed !== null ? this.readOnce(src, start, asked) : end;
  }

  /** Completes the head in `out` once it is known whether the client's connection stays open. */
  finish(asked: AskedBy, keepAlive: boolean): void {
    const { out, status } = this;
    const hasFraming = status >= 200 && status !== 204;
    if (hasFraming && this.lengths === 1) {
      out.constant(lengthField);
      out.decimal(this.contentLength);
      out.constant(crlf);
    } else if (hasFraming && this.codings === 1 && !asked.version10) {
      out.constant(chunkedField);
    }
    if (this.upgradeTo !== null && (status === 101 || status === 426)) {
      out.constant(status === 101 ? upgradeFields : upgradeField);
      out.latin1(this.upgradeTo);
      out.constant(crlf);
    }
    if (status >= 200) {
      if (!keepAlive) out.constant(closeField);
      else if (asked.version10) out.constant(keepAliveField);
    }
    out.constant(crlf);
  }

  private readOnce(src: Buffer, start: number, asked: AskedBy): number {
    this.reset();
    const limit = Math.min(src.length, start + maxResponseHeadBytes);
    let at = this.readStatusLine(src, start, limit);
    if (at >= 0) at = readFields(src, at, limit, this.out, this, maxResponseFields);
    if (at === INCOMPLETE && limit - start >= maxResponseHeadBytes) return this.refuse(headTooLong);
    if (at < 0) return at;
    const fault = this.judge(asked);
    return fault === null ? at : this.refuse(fault);
  }

  field(id: FieldId, src: Buffer, start: number, end: number): boolean {
    switch (id) {
      case Field.contentLength:
        this.lengths++;
        this.contentLength = parseDecimal(src, start, end);
        if (this.contentLength < 0) this.fault = badLength;
        return false;
      case Field.transferEncoding:
        this.codings++;
        if (!equalsFolded(src, start, end, chunked)) this.fault = badCoding;
        return false;
      case Field.connection:
        if (!this.connection.add(src, start, end)) this.fault = badConnection;
        return false;
      case Field.upgrade:
        this.upgradeTo = src.toString("latin1", start, end);
        return false;
      case Field.hopByHop:
        return false;
      default:
        return true;
    }
  }

  private reset(): void {
    this.out.length = 0;
    this.connection.reset();
    this.fault = null;
    this.contentLength = 0;
    this.lengths = this.codings = 0;
    this.upgradeTo = null;
  }

  private readStatusLine(src: Buffer, start: number, limit: number): number {
    let at = start;
    for (let i = 0; i < versionStart.length; i++, at++) {
      if (at >= limit) return INCOMPLETE;
      if (src[at] !== versionStart[i]) return this.refuse(badStatusLine);
    }
    if (at + 6 > limit) return INCOMPLETE;
    const minor = src[at];
    if ((minor !== 0x31 && minor !== 0x30) || src[at + 1] !== SP) return this.refuse(badStatusLine);
    this.version10 = minor === 0x30;
    const status = at + 2;
    this.status = parseDecimal(src, status, status + 3);
    if (this.status < 100) return this.refuse(badStatusLine);
    at = status + 3;
    const after = src[at];
    if (after !== SP && after !== CR) return this.refuse(badStatusLine);
    while (at < limit && ((classes[src[at] ?? 0] ?? 0) & VALUE) !== 0) at++;
    if (at + 1 >= limit) return at < limit && src[at] !== CR ? this.refuse(badStatusLine) : INCOMPLETE;
    if (src[at] !== CR || src[at + 1] !== LF) return this.refuse(badStatusLine);
    this.out.constant(statusStart);
    this.out.append(src, status, at);
    // A server may leave out the reason but not the space before it (RFC 9112 §4).
    if (at === status + 3) this.out.bytes[this.out.length++] = SP;
    this.out.constant(crlf);
    return at + 2;
  }

  /** How the body is delimited, in the order of RFC 9112 §6.3; whatever it leaves to taste is refused. */
  private judge(asked: AskedBy): Fault | null {
    const { status, connection } = this;
    if (this.lengths > 1) return twoLengths;
    if (this.codings + this.lengths > 1) return bothFramings;
    if (this.codings === 1 && this.version10) return codingIn10;
    if (status === 101 && (!asked.upgrade || this.upgradeTo === null)) return unasked;
    this.reusable = !this.version10 && !connection.close;
    if (asked.isHead || status < 200 || status === 204 || status === 304) this.bodyKind = BodyKind.none;
    else if (this.codings === 1) this.bodyKind = BodyKind.chunked;
    else if (this.lengths === 1) this.bodyKind = BodyKind.length;
    else {
      this.bodyKind = BodyKind.untilClose;
      this.reusable = false;
    }
    return null;
  }

  private refuse(fault: Fault): number {
    this.fault = fault;
    return REFUSED;
  }
}
