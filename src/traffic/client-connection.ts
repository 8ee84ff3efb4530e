import type { Socket } from "bun";
import { type AnswerStatus, answer } from "./answer.ts";
import type { IngressContext } from "./context.ts";
import { Exchange } from "./exchange.ts";
import type { Conversation, ExchangeClient } from "./exchange-client.ts";
import { BodyKind, BodyReader, INCOMPLETE, maxRequestHeadBytes } from "./http1/index.ts";
import { halfCloseMs, maxLingerBytes, maxReadAheadBytes } from "./options.ts";
import { Outbox } from "./outbox.ts";

const lineFeed = 0x0a;

/** One client's connection: reads its requests in order, gives each an exchange, and ends it without losing a response. */
export class ClientConnection implements ExchangeClient {
  readonly outbox = new Outbox();
  readonly requestBody = new BodyReader();
  /** Of the request in work: with the fields that tell where it comes from goes the one that tells its trace. */
  origin: Buffer;
  private readonly plainOrigin: Buffer;
  private conversation: Conversation | null = null;
  /** Received and not yet used: a part of a head, or what follows the request in work. */
  private unread: Buffer | null = null;
  /** `lingering`: the last response is written, and what still comes is thrown away. */
  private state: "open" | "lingering" | "closed" = "open";
  private deadline: number;
  /** Whether the deadline is that of a head whose first bytes are here. */
  private headBegun = false;
  private halfClosed = false;
  private paused = false;
  private reading = false;
  private lingerBytes = 0;
  private isHead = false;
  private keepAlive = false;
  private version10 = false;
  private stalledAt = 0;
  private stalledSince = 0;

  constructor(
    private readonly context: IngressContext,
    private readonly socket: Socket<ClientConnection | null>,
  ) {
    this.outbox.open(socket);
    this.plainOrigin = Buffer.from(
      `X-Forwarded-For: ${socket.remoteAddress}\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: `,
      "latin1",
    );
    this.origin = this.plainOrigin;
    this.deadline = context.clock.now + context.limits.headTimeoutMs;
  }

  get idle(): boolean {
    return this.conversation === null;
  }

  received(data: Buffer): void {
    if (this.conversation !== null) {
      this.conversation.clientData(data);
    } else if (this.state === "lingering") {
      this.lingerBytes += data.length;
      if (this.lingerBytes > maxLingerBytes) this.abort();
    } else if (this.outbox.congested) {
      this.readAhead(data);
    } else if (this.unread === null) {
      this.unread = data;
      this.readRequests();
    } else {
      this.unread = Buffer.concat([this.unread, data]);
      // A head that drips in is parsed once per line, not once per byte.
      if (data.includes(lineFeed) || this.unread.length >= maxRequestHeadBytes) this.readRequests();
    }
  }

  drained(): void {
    if (!this.outbox.drain()) return;
    if (this.state === "lingering") this.endSending();
    else if (this.conversation !== null) this.conversation.clientDrained();
    else this.readRequests();
  }

  /** The client closed its sending half. It may still wait for a response; it can't be asked, so it gets a moment. */
  ended(): void {
    this.halfClosed = true;
    if (this.state === "lingering") this.endSending();
    else if (this.conversation === null) this.finishUnlessAsked();
    else if (this.conversation.clientEnded()) this.expireIn(halfCloseMs);
    else this.abort();
  }

  closed(): void {
    this.state = "closed";
    this.conversation?.clientClosed();
    this.conversation = null;
    this.unread = null;
  }

  tick(now: number): void {
    if (this.outbox.congested) this.checkStall(now);
    if (now < this.deadline) return;
    this.deadline = Number.POSITIVE_INFINITY;
    if (this.conversation !== null && this.halfClosed) this.abort();
    else if (this.conversation !== null) this.conversation.expired();
    else if (this.state === "open" && this.unread !== null) this.refuse(408, "the request head did not arrive in time");
    else if (this.state === "open") this.finish();
    else this.socket.end();
  }

  expireIn(ms: number): void {
    this.deadline = this.context.clock.now + (this.halfClosed ? Math.min(ms, halfCloseMs) : ms);
  }

  takeReadAhead(): Buffer | null {
    const bytes = this.unread;
    this.unread = null;
    return bytes;
  }

  readAhead(bytes: Buffer): void {
    this.unread = this.unread === null ? bytes : Buffer.concat([this.unread, bytes]);
    if (this.unread.length > maxReadAheadBytes) this.pause();
  }

  giveBack(bytes: Buffer): void {
    const later = this.takeReadAhead();
    this.readAhead(later === null ? bytes : Buffer.concat([bytes, later]));
  }

  pause(): void {
    if (this.paused || this.state === "closed") return;
    this.paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.paused || this.state === "closed") return;
    if (this.unread !== null && this.unread.length > maxReadAheadBytes) return;
    this.paused = false;
    this.socket.resume();
  }

  answer(status: AnswerStatus, reason: string): void {
    const keepAlive = this.keepAlive && this.requestBody.done && !this.context.closing;
    const bytes = answer(status, reason, { isHead: this.isHead, version10: this.version10, keepAlive });
    this.outbox.write(bytes, 0, bytes.length);
    this.exchangeDone(keepAlive);
  }

  handOver(to: Conversation): void {
    this.conversation = to;
  }

  exchangeDone(keepAlive: boolean): void {
    this.conversation = null;
    if (!keepAlive || (this.halfClosed && this.unread === null)) {
      this.finish();
      return;
    }
    this.expireIn(this.context.limits.idleTimeoutMs);
    if (!this.reading) this.readRequests();
  }

  finish(): void {
    this.conversation = null;
    this.unread = null;
    if (this.state !== "open") return;
    this.state = "lingering";
    this.deadline = Number.POSITIVE_INFINITY;
    this.resume();
    this.endSending();
  }

  abort(): void {
    if (this.state !== "closed") this.socket.terminate();
  }

  /** Half closes once all is sent, so that no reset destroys a response; closes when the client has half closed, too. */
  private endSending(): void {
    if (this.outbox.congested) return;
    this.expireIn(this.context.limits.lingerTimeoutMs);
    if (this.halfClosed) this.socket.end();
    else this.socket.shutdown();
  }

  /** Requests that wait for the client to take earlier responses are still answered. */
  private finishUnlessAsked(): void {
    if (this.unread === null || !this.outbox.congested) this.finish();
  }

  private readRequests(): void {
    this.reading = true;
    // While the client doesn't take its responses, no further one is made.
    while (this.unread !== null && this.conversation === null && this.state === "open" && !this.outbox.congested) {
      const bytes = this.unread;
      this.unread = null;
      if (!this.readRequest(bytes)) break;
    }
    this.reading = false;
    if (this.paused && this.conversation === null) this.resume();
  }

  /** @returns whether there may be another request behind this one */
  private readRequest(bytes: Buffer): boolean {
    const { context } = this;
    const head = context.requestHead;
    this.origin = this.plainOrigin;
    let bodyStart = head.read(bytes, 0, this.origin);
    if (bodyStart === INCOMPLETE) {
      this.unread = bytes;
      if (this.halfClosed) this.finish();
      if (!this.headBegun) this.expireIn(context.limits.headTimeoutMs);
      this.headBegun = true;
      return false;
    }
    this.headBegun = false;
    if (bodyStart < 0) {
      this.refuse(head.fault?.status ?? 400, head.fault?.reason ?? "malformed");
      return false;
    }
    this.keepAlive = head.keepAlive;
    this.isHead = head.line.method === "HEAD";
    this.version10 = head.line.version10;
    const route = context.routes.find(head.host);
    if (route === undefined) {
      this.answerUnknown(bytes, bodyStart);
      return true;
    }
    const span = context.tracer?.begin(bytes);
    if (span !== undefined && span.field !== "") {
      this.origin = Buffer.concat([Buffer.from(span.field, "latin1"), this.plainOrigin]);
      bodyStart = head.read(bytes, 0, this.origin);
    }
    const exchange = new Exchange(context, this, route, bytes, 0, bodyStart);
    exchange.span = span;
    this.conversation = exchange;
    exchange.begin();
    return true;
  }

  /** Answers what isn't a whole request: where the next one starts can't be known. */
  private refuse(status: AnswerStatus, reason: string): void {
    this.keepAlive = this.isHead = false;
    this.countUnrouted(status);
    this.answer(status, reason);
  }

  private answerUnknown(bytes: Buffer, bodyStart: number): void {
    const { host, bodyKind } = this.context.requestHead;
    // A body would have to be read to find the next request; the connection ends instead.
    if (bodyKind !== BodyKind.none) this.keepAlive = false;
    if (bodyStart < bytes.length) this.unread = bytes.subarray(bodyStart);
    this.requestBody.start(BodyKind.none, 0, "whole");
    this.countUnrouted(404);
    this.answer(404, `no service answers to ${JSON.stringify(host)}; \`solo list\` shows those that run`);
  }

  private countUnrouted(status: number): void {
    const { unrouted } = this.context;
    unrouted.set(status, (unrouted.get(status) ?? 0) + 1);
  }

  private checkStall(now: number): void {
    if (this.outbox.sent !== this.stalledAt || this.stalledSince === 0) {
      this.stalledAt = this.outbox.sent;
      this.stalledSince = now;
    } else if (now - this.stalledSince > this.context.limits.stallTimeoutMs) {
      this.abort();
    }
  }
}
