import { AuthorityCache, parseAuthority } from "./authority.ts";
import { BodyKind } from "./body.ts";
import { CR, equalsFolded, LF, parseDecimal, SP } from "./bytes.ts";
import { ConnectionOptions } from "./connection-field.ts";
import { badMessage, type Fault, INCOMPLETE, REFUSED } from "./fault.ts";
import { Field, type FieldId } from "./field-names.ts";
import { type FieldSink, readFields } from "./field-section.ts";
import { RequestLine } from "./request-line.ts";
import { Scratch } from "./scratch.ts";

/** Longest request head, in bytes with its empty line; nginx and Node allow 16 to 32 KiB. */
export const maxRequestHeadBytes = 16_384;
const maxRequestFields = 100;

const headTooLong: Fault = { status: 431, reason: "the request head is longer than 16 KiB" };
const noHost = badMessage("a request needs a Host field");
const twoHosts = badMessage("more than one Host field");
const badHost = badMessage("the Host field is malformed");
const badAuthority = badMessage("the authority of the request target is malformed");
const badLength = badMessage("Content-Length is not a number of up to 15 digits");
const twoLengths = badMessage("more than one Content-Length field");
const badCoding = badMessage("Transfer-Encoding is not exactly `chunked`");
const twoCodings = badMessage("more than one Transfer-Encoding field");
const bothFramings = badMessage("Content-Length and Transfer-Encoding together");
const codingIn10 = badMessage("Transfer-Encoding in an HTTP/1.0 request");
const badConnection = badMessage("the Connection field is not a list of tokens");
const badExpect: Fault = { status: 417, reason: "only `100-continue` can be expected" };

const chunked = Buffer.from("chunked");
const continue100 = Buffer.from("100-continue");
const crlf = Buffer.from("\r\n");
const versionEnd = Buffer.from(" HTTP/1.1\r\n");
const hostField = Buffer.from("Host: ");
const lengthField = Buffer.from("Content-Length: ");
const chunkedField = Buffer.from("Transfer-Encoding: chunked\r\n");
const expectField = Buffer.from("Expect: 100-continue\r\n");
const upgradeFields = Buffer.from("Connection: Upgrade\r\nUpgrade: ");
const slash = Buffer.from("/");

/** One protocol to switch to. HTTP/2 is left out: inside it, requests would pass unread and unrouted ("h2c smuggling"). */
const upgradable = /^(?!h2c?$|http\b|tls\b)[!#$%&'*+\-.^_`|~0-9a-z]+(\/[0-9.]+)?$/i;

/**
 * Reads a request's head and at once writes the head to forward into `out`. Everything that decides framing or routing
 * is read once, judged, and then written anew from the judgement, so that no upstream can read it differently.
 * One object serves all requests in turn: its fields tell about the last one read.
 */
export class RequestHead implements FieldSink {
  readonly out = new Scratch();
  readonly line = new RequestLine();
  readonly connection = new ConnectionOptions();
  fault: Fault | null = null;
  /** Lower-case, without port. */
  host = "";
  bodyKind: BodyKind = BodyKind.none;
  /** Bytes of a body of kind `length`. */
  contentLength = 0;
  /** Whether the connection may carry another request afterwards. */
  keepAlive = false;
  /** Whether the request asks to switch to another protocol, such as `websocket`. */
  upgrade = false;

  private readonly authorities = new AuthorityCache();
  private hosts = 0;
  private lengths = 0;
  private codings = 0;
  private expects = false;
  private hostStart = 0;
  private hostEnd = 0;
  private upgradeTo: string | null = null;

  get dropped(): ReadonlySet<string> | null {
    return this.connection.listed;
  }

  /**
   * @param origin the `X-Forwarded-*` fields of this connection up to `X-Forwarded-Host: `, whose value is added
   * @returns the offset behind the head, `INCOMPLETE`, or `REFUSED` with `fault` set
   */
  read(src: Buffer, start: number, origin: Buffer): number {
    this.connection.listed = null;
    const end = this.readOnce(src, start, origin);
    // Fields before the `Connection` field that lists them were copied already: read again, with the names known.
    return end >= 0 && this.connection.listed !== null ? this.readOnce(src, start, origin) : end;
  }

  private readOnce(src: Buffer, start: number, origin: Buffer): number {
    this.reset();
    const { line, out } = this;
    const limit = Math.min(src.length, start + maxRequestHeadBytes);
    // An empty line before a request is ignored (RFC 9112 §2.2): old clients end a body with one.
    const skip = src[start] === CR && (start + 1 >= limit || src[start + 1] === LF) ? 2 : 0;
    if (start + skip >= limit) return INCOMPLETE;
    let at = line.read(src, start + skip, limit);
    if (at === REFUSED) this.fault = line.fault;
    if (at >= 0) {
      this.writeLine(src);
      at = readFields(src, at, limit, out, this, maxRequestFields);
    }
    if (at === INCOMPLETE && limit - start >= maxRequestHeadBytes) return this.refuse(headTooLong);
    if (at < 0) return at;
    const fault = this.judge(src);
    if (fault !== null) return this.refuse(fault);
    this.writeDecisions(src, origin);
    return at;
  }

  field(id: FieldId, src: Buffer, start: number, end: number): boolean {
    switch (id) {
      case Field.host:
        this.hosts++;
        this.hostStart = start;
        this.hostEnd = end;
        return this.line.authorityEnd === 0;
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
        this.upgradeTo = this.upgradeTo === null ? src.toString("latin1", start, end) : "";
        return false;
      case Field.expect:
        if (!equalsFolded(src, start, end, continue100)) this.fault = badExpect;
        this.expects = true;
        return false;
      default:
        return false;
    }
  }

  private reset(): void {
    this.out.length = 0;
    this.connection.reset();
    this.fault = null;
    this.contentLength = 0;
    this.hosts = this.lengths = this.codings = 0;
    this.expects = false;
    this.upgradeTo = null;
  }

  private writeLine(src: Buffer): void {
    const { line, out } = this;
    out.latin1(line.method);
    out.bytes[out.length++] = SP;
    if (src[line.pathStart] !== slash[0] && line.authorityEnd > 0) out.constant(slash);
    out.append(src, line.pathStart, line.pathEnd);
    out.constant(versionEnd);
    if (line.authorityEnd === 0) return;
    out.constant(hostField);
    out.append(src, line.authorityStart, line.authorityEnd);
    out.constant(crlf);
  }

  private judge(src: Buffer): Fault | null {
    const { line, connection } = this;
    if (this.hosts > 1) return twoHosts;
    if (this.hosts === 0 && (!line.version10 || line.authorityEnd === 0)) return noHost;
    const host = this.hosts === 1 ? this.authorities.parse(src, this.hostStart, this.hostEnd) : "";
    if (host === null) return badHost;
    const authority = line.authorityEnd > 0 ? parseAuthority(src, line.authorityStart, line.authorityEnd) : host;
    if (authority === null) return badAuthority;
    this.host = authority;

    if (this.codings > 1) return twoCodings;
    if (this.lengths > 1) return twoLengths;
    if (this.codings === 1 && this.lengths === 1) return bothFramings;
    if (this.codings === 1 && line.version10) return codingIn10;
    this.bodyKind = this.codings === 1 ? BodyKind.chunked : this.lengths === 1 ? BodyKind.length : BodyKind.none;

    this.keepAlive = !connection.close && (!line.version10 || connection.keepAlive);
    const bodiless = this.bodyKind === BodyKind.none || (this.bodyKind === BodyKind.length && this.contentLength === 0);
    this.upgrade =
      connection.upgrade && !line.version10 && bodiless && this.upgradeTo !== null && upgradable.test(this.upgradeTo);
    return null;
  }

  private writeDecisions(src: Buffer, origin: Buffer): void {
    const { out, line } = this;
    if (this.bodyKind === BodyKind.chunked) out.constant(chunkedField);
    else if (this.bodyKind === BodyKind.length) {
      out.constant(lengthField);
      out.decimal(this.contentLength);
      out.constant(crlf);
    }
    if (this.expects && !line.version10 && this.bodyKind !== BodyKind.none) out.constant(expectField);
    if (this.upgrade && this.upgradeTo !== null) {
      out.constant(upgradeFields);
      out.latin1(this.upgradeTo);
      out.constant(crlf);
    }
    out.constant(origin);
    if (line.authorityEnd > 0) out.append(src, line.authorityStart, line.authorityEnd);
    else out.append(src, this.hostStart, this.hostEnd);
    out.constant(crlf);
    out.constant(crlf);
  }

  private refuse(fault: Fault): number {
    this.fault = fault;
    return REFUSED;
  }
}
