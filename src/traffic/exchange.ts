import type { AnswerStatus } from "./answer.ts";
import type { IngressContext } from "./context.ts";
import type { EndpointState, Occupant } from "./endpoint.ts";
import type { AskedBy, BodyReader } from "./http1/index.ts";
import { connectTimeoutMs, maxReplayBytes } from "./options.ts";
import type { Outbox } from "./outbox.ts";
import { ResponseRelay } from "./response-relay.ts";
import type { Dispatchable, Route } from "./route.ts";
import type { UpstreamConnection, UpstreamUser } from "./upstream-connection.ts";

/** The client's connection, as an exchange uses it. */
export interface ExchangeClient {
  readonly outbox: Outbox;
  readonly requestBody: BodyReader;
  /** The `X-Forwarded-*` fields that tell where the client is. */
  readonly origin: Buffer;
  expireIn(ms: number): void;
  /** Bytes that arrived before they could be used. */
  takeReadAhead(): Buffer | null;
  readAhead(bytes: Buffer): void;
  pause(): void;
  resume(): void;
  answer(status: AnswerStatus, reason: string): void;
  exchangeDone(keepAlive: boolean): void;
  /** Closes once everything is sent. */
  finish(): void;
  /** Closes at once, so that the client can't take a part for the whole. */
  abort(): void;
}

/** Methods that may be repeated without a second effect (RFC 9110 §9.2.2). */
const idempotentMethods = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

type Phase = "waiting" | "connecting" | "responding" | "tunnel" | "over";

/** One request and its response, from the parsed head to the last byte, across every connection that is tried for it. */
export class Exchange implements Dispatchable, Occupant, UpstreamUser, AskedBy {
  readonly isHead: boolean;
  readonly version10: boolean;
  readonly upgrade: boolean;
  readonly heldBytes: number;
  upgraded = false;
  slot = 0;
  private readonly keepAlive: boolean;
  private readonly method: string;
  private readonly holdUntil: number;
  private readonly relay: ResponseRelay;
  private phase: Phase = "waiting";
  private endpoint: EndpointState | null = null;
  private upstream: UpstreamConnection | null = null;
  /** The request's first bytes, kept until they can't be needed for another attempt. */
  private source: Buffer | null;
  private attempts = 0;
  private reused = false;
  /** Whether the shared parser still holds this request, as it does until `begin` returns. */
  private parsed = true;

  /** To be made right after `context.requestHead` read the head in `source` from `start` to `bodyStart`. */
  constructor(
    private readonly context: IngressContext,
    private readonly client: ExchangeClient,
    private readonly route: Route,
    source: Buffer,
    private readonly start: number,
    private readonly bodyStart: number,
  ) {
    const head = context.requestHead;
    this.source = source;
    this.heldBytes = source.length;
    this.method = head.line.method;
    this.isHead = this.method === "HEAD";
    this.version10 = head.line.version10;
    this.upgrade = head.upgrade;
    this.keepAlive = head.keepAlive;
    this.holdUntil = context.clock.now + context.limits.holdTimeoutMs;
    this.relay = new ResponseRelay(this, context.responseHead);
  }

  begin(): void {
    this.route.requests++;
    this.client.requestBody.start(this.context.requestHead.bodyKind, this.context.requestHead.contentLength);
    this.route.dispatch(this);
    this.parsed = false;
  }

  assign(endpoint: EndpointState): void {
    this.endpoint = endpoint;
    endpoint.enter(this);
    const idle = this.attempts === 0 ? endpoint.takeIdle() : undefined;
    this.reused = idle !== undefined;
    if (idle !== undefined) {
      idle.user = this;
      this.upstream = idle;
      this.send(idle);
    } else {
      this.phase = "connecting";
      this.client.expireIn(connectTimeoutMs);
      this.upstream = endpoint.connect(this, this.context.clock.now);
    }
  }

  held(): void {
    this.phase = "waiting";
    this.client.expireIn(this.holdUntil - this.context.clock.now);
  }

  refuse(reason: string): void {
    this.fail(503, `${this.route.key} has no ready instance: ${reason}`);
  }

  upstreamOpened(): void {
    this.endpoint?.trust();
    if (this.upstream !== null) this.send(this.upstream);
  }

  /** Nothing was sent, so any endpoint may get the request, or it waits for one. */
  upstreamRefused(): void {
    this.endpoint?.suspect(this.context.clock.now);
    this.leave();
    if (this.context.clock.now >= this.holdUntil) this.refuse("it accepts no connections");
    else this.route.dispatch(this);
  }

  upstreamData(data: Buffer): void {
    const { client, relay, upstream, context } = this;
    if (upstream === null) return;
    if (this.phase === "tunnel") {
      client.outbox.write(data, 0, data.length);
    } else {
      this.source = null;
      const outcome = relay.receive(data, upstream.body, client.outbox, this.mayKeepAlive());
      if (outcome === "done") {
        this.done(relay.end === data.length);
        return;
      }
      if (outcome === "fault") {
        this.fail(502, `${this.route.key} sent a malformed response: ${relay.fault}`);
        return;
      }
      if (outcome === "upgraded") this.openTunnel(data, upstream);
    }
    if (relay.started) client.expireIn(context.limits.streamTimeoutMs);
    if (client.outbox.congested) upstream.pause();
  }

  upstreamDrained(): void {
    this.client.resume();
  }

  upstreamClosed(failed: boolean): void {
    const { client, relay, upstream } = this;
    if (this.phase === "tunnel") {
      this.leave();
      client.finish();
    } else if (relay.started && !failed && upstream?.body.close()) {
      this.done(false);
    } else if (this.mayRepeat()) {
      this.leave();
      this.attempts++;
      this.route.dispatch(this);
    } else {
      this.fail(502, `${this.route.key} closed the connection before it had answered`);
    }
  }

  upstreamFailed(error: unknown): void {
    this.client.abort();
    this.context.onError(error);
  }

  /** Bytes from the client: the rest of the body, the tunnel's, or the next request's. */
  clientData(data: Buffer): void {
    const { client, upstream } = this;
    if (upstream === null || this.phase === "connecting" || this.phase === "waiting") {
      client.readAhead(data);
    } else if (this.phase === "tunnel") {
      upstream.outbox.write(data, 0, data.length);
      client.expireIn(this.context.limits.streamTimeoutMs);
      if (upstream.outbox.congested) client.pause();
    } else if (client.requestBody.done) {
      client.readAhead(data);
    } else {
      this.relayRequestBody(data, upstream);
    }
  }

  clientDrained(): void {
    this.upstream?.resume();
  }

  /** The client closed its sending half. @returns whether a response can still be wanted */
  clientEnded(): boolean {
    return this.phase !== "tunnel" && this.client.requestBody.done;
  }

  clientClosed(): void {
    this.route.forget(this);
    this.upstream?.destroy();
    this.leave();
    this.phase = "over";
  }

  cut(): void {
    if (this.phase === "connecting") {
      this.upstream?.destroy();
      this.leave();
      this.route.dispatch(this);
    } else if (this.phase === "tunnel") {
      this.upstream?.destroy();
      this.leave();
      this.client.finish();
    } else {
      this.fail(502, `the instance of ${this.route.key} that had the request was stopped`);
    }
  }

  expired(): void {
    switch (this.phase) {
      case "waiting":
        this.route.forget(this);
        this.refuse("waited in vain");
        return;
      case "connecting":
        this.upstream?.destroy();
        this.upstreamRefused();
        return;
      default:
        if (this.client.requestBody.done || this.upstream?.outbox.congested || this.relay.started) {
          this.fail(504, `${this.route.key} did not answer in time`);
        } else this.fail(408, "the request body did not arrive in time");
    }
  }

  private send(upstream: UpstreamConnection): void {
    const { client, context, source, start, bodyStart } = this;
    const head = context.requestHead;
    const body = client.requestBody;
    if (source === null) return;
    if (!this.parsed) head.read(source, start, client.origin);
    if (this.attempts > 0) body.start(head.bodyKind, head.contentLength);
    this.phase = "responding";
    head.out.target = upstream.outbox;
    const end = body.consume(source, bodyStart, source.length, head.out);
    if (body.fault !== null) {
      this.fail(400, body.fault.reason);
      return;
    }
    head.out.flush();
    if (end < source.length && this.attempts === 0) client.readAhead(source.subarray(end));
    if (!body.done || source.length - bodyStart > maxReplayBytes) this.source = null;
    const ahead = body.done ? null : client.takeReadAhead();
    if (ahead !== null) this.relayRequestBody(ahead, upstream);
    else this.afterRequestBytes(upstream);
  }

  private relayRequestBody(data: Buffer, upstream: UpstreamConnection): void {
    const { client } = this;
    const body = client.requestBody;
    const end = body.consume(data, 0, data.length, upstream.outbox);
    if (body.fault !== null) {
      this.fail(400, body.fault.reason);
      return;
    }
    if (end < data.length) client.readAhead(data.subarray(end));
    this.afterRequestBytes(upstream);
  }

  private afterRequestBytes(upstream: UpstreamConnection): void {
    const { client, context } = this;
    const { limits } = context;
    if (!this.relay.started) client.expireIn(client.requestBody.done ? limits.responseTimeoutMs : limits.bodyTimeoutMs);
    if (upstream.outbox.congested) client.pause();
    else client.resume();
  }

  private openTunnel(data: Buffer, upstream: UpstreamConnection): void {
    const { client, relay } = this;
    this.phase = "tunnel";
    this.upgraded = true;
    if (relay.end < data.length) client.outbox.write(data, relay.end, data.length);
    const ahead = client.takeReadAhead();
    if (ahead !== null) this.clientData(ahead);
    if (!upstream.outbox.congested) client.resume();
  }

  /** After an early response the rest of the request body would be taken for a request: no reuse then. */
  private mayKeepAlive(): boolean {
    return this.keepAlive && this.client.requestBody.done && !this.context.closing;
  }

  /** Only what can't have had an effect twice, on a connection that the server may have closed for being idle. */
  private mayRepeat(): boolean {
    const mayHaveRun = this.relay.touched || !idempotentMethods.has(this.method);
    return this.reused && this.attempts === 0 && !mayHaveRun && this.source !== null;
  }

  private done(clean: boolean): void {
    const { relay, upstream, endpoint, client } = this;
    if (upstream !== null && endpoint !== null) {
      const reusable = clean && relay.reusable && client.requestBody.done && !upstream.outbox.congested;
      if (reusable) endpoint.release(upstream, this.context.clock.now);
      else upstream.destroy();
    }
    this.leave();
    this.phase = "over";
    client.exchangeDone(relay.keepAlive);
  }

  private fail(status: AnswerStatus, reason: string): void {
    if (this.phase === "over") return;
    if (status >= 500) this.route.errors++;
    this.upstream?.destroy();
    this.leave();
    this.phase = "over";
    if (this.relay.started) this.client.abort();
    else this.client.answer(status, reason);
  }

  private leave(): void {
    this.upstream = null;
    this.endpoint?.leave(this);
    this.endpoint = null;
  }
}
