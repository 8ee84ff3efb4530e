import type { ExchangeClient } from "./exchange-client.ts";
import type { AskedBy, Fault, RequestHead } from "./http1/index.ts";
import { maxReplayBytes } from "./options.ts";
import type { Outbox } from "./outbox.ts";

/** Methods that may be repeated without a second effect (RFC 9110 §9.2.2). */
const idempotentMethods = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Passes one request on to an upstream: its head, its body; and keeps its bytes while another attempt may need them. */
export class RequestRelay implements AskedBy {
  readonly isHead: boolean;
  readonly version10: boolean;
  readonly upgrade: boolean;
  readonly keepAlive: boolean;
  /** Whether the shared parser still holds this request's head. Others' requests take its place after this event. */
  parsed = true;
  private readonly method: string;
  private attempts = 0;
  private kept: Buffer | null;

  /** @param head the parser, right after it read the head in `bytes` from `start` to `bodyStart` */
  constructor(
    private readonly client: ExchangeClient,
    private readonly head: RequestHead,
    bytes: Buffer,
    private readonly start: number,
    private readonly bodyStart: number,
  ) {
    this.kept = bytes;
    this.startBody();
    this.method = head.line.method;
    this.isHead = this.method === "HEAD";
    this.version10 = head.line.version10;
    this.upgrade = head.upgrade;
    this.keepAlive = head.keepAlive;
  }

  /** Whether all of the body came from the client. */
  get complete(): boolean {
    return this.client.requestBody.done;
  }

  /** Whether it may be sent a second time: only once, only what can't have had an effect twice, only whole and small. */
  get repeatable(): boolean {
    return this.attempts === 1 && this.kept !== null && idempotentMethods.has(this.method);
  }

  /** Sends the head and the body bytes at hand. @returns why the request is refused, before any malformed part is sent */
  begin(upstream: Outbox): Fault | null {
    const { client, head, kept, bodyStart } = this;
    if (kept === null) return null;
    if (!this.parsed) head.read(kept, this.start, client.origin);
    const body = client.requestBody;
    this.startBody();
    head.out.target = upstream;
    const end = body.consume(kept, bodyStart, kept.length, head.out);
    if (body.fault !== null) return body.fault;
    head.out.flush();
    const first = this.attempts++ === 0;
    if (first && end < kept.length) client.giveBack(kept.subarray(end));
    if (!body.done || kept.length - bodyStart > maxReplayBytes) this.kept = null;
    const ahead = body.done ? null : client.takeReadAhead();
    return ahead === null ? null : this.more(ahead, upstream);
  }

  /** Sends further body bytes. @returns why the request is refused */
  more(data: Buffer, upstream: Outbox): Fault | null {
    const body = this.client.requestBody;
    const end = body.consume(data, 0, data.length, upstream);
    if (body.fault === null && end < data.length) this.client.giveBack(data.subarray(end));
    return body.fault;
  }

  /** Trailers of requests end here, as RFC 9110 §6.5.1 allows: servers exist (Bun's) that take them for the next request. */
  private startBody(): void {
    const { bodyKind, contentLength } = this.head;
    this.client.requestBody.start(bodyKind, contentLength, "trailerless");
  }

  /** No other attempt will be made. */
  release(): void {
    this.kept = null;
  }
}
