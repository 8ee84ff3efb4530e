import type { AnswerStatus } from "./answer.ts";
import type { IngressContext } from "./context.ts";
import type { EndpointState, Occupant } from "./endpoint.ts";
import type { Conversation, ExchangeClient } from "./exchange-client.ts";
import type { Fault } from "./http1/index.ts";
import { connectTimeoutMs } from "./options.ts";
import { RequestRelay } from "./request-relay.ts";
import type { RequestSpan } from "./request-tracer.ts";
import { ResponseRelay } from "./response-relay.ts";
import type { Dispatchable, Route } from "./route.ts";
import { Tunnel } from "./tunnel.ts";
import type { UpstreamConnection, UpstreamUser } from "./upstream-connection.ts";

type Phase = "waiting" | "connecting" | "responding" | "over";

/** One request and its response, from the parsed head to the last byte, across every connection that is tried for it. */
export class Exchange implements Conversation, Dispatchable, Occupant, UpstreamUser {
  readonly heldBytes: number;
  readonly upgraded = false;
  slot = 0;
  private readonly request: RequestRelay;
  private readonly holdUntil: number;
  span: RequestSpan | undefined;
  /** 0 when it is not timed. */
  private readonly begun: number;
  private readonly relay: ResponseRelay;
  private phase: Phase = "waiting";
  private endpoint: EndpointState | null = null;
  private upstream: UpstreamConnection | null = null;
  /** Whether this is the second attempt, which gets a fresh connection. */
  private repeated = false;
  private reused = false;
  /** To be made right after `context.requestHead` read the head in `bytes` from `start` to `bodyStart`. */
  constructor(
    private readonly context: IngressContext,
    private readonly client: ExchangeClient,
    private readonly route: Route,
    bytes: Buffer,
    start: number,
    bodyStart: number,
  ) {
    this.request = new RequestRelay(client, context.requestHead, bytes, start, bodyStart);
    this.heldBytes = bytes.length;
    this.begun = context.clock.begin();
    this.holdUntil = context.clock.now + context.limits.holdTimeoutMs;
    this.relay = new ResponseRelay(this.request, context.responseHead);
  }

  begin(): void {
    this.route.requests++;
    this.route.dispatch(this);
    this.request.parsed = false;
  }

  assign(endpoint: EndpointState): void {
    this.endpoint = endpoint;
    endpoint.enter(this);
    const idle = this.repeated ? undefined : endpoint.takeIdle();
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
    this.request.release();
    switch (relay.receive(data, upstream.body, client.outbox, this.mayKeepAlive())) {
      case "done":
        this.done(relay.end === data.length);
        return;
      case "fault":
        this.fail(502, `${this.route.key} sent a malformed response: ${relay.fault}`);
        return;
      case "upgraded":
        this.upgrade(data, upstream);
        return;
      case "more":
        if (relay.started) client.expireIn(context.limits.streamTimeoutMs);
        if (client.outbox.congested) upstream.pause();
    }
  }

  upstreamDrained(): void {
    this.client.resume();
  }

  upstreamClosed(failed: boolean): void {
    const { relay, upstream } = this;
    if (relay.started && !failed && upstream?.body.close()) {
      this.done(false);
    } else if (this.mayRepeat()) {
      this.leave();
      this.repeated = true;
      this.route.dispatch(this);
    } else {
      this.fail(502, `${this.route.key} closed the connection before it had answered`);
    }
  }

  upstreamFailed(error: unknown): void {
    this.client.abort();
    this.context.onError(error);
  }

  /** Bytes from the client: the rest of the body, or the next request's. */
  clientData(data: Buffer): void {
    const { client, upstream } = this;
    if (upstream === null || this.phase !== "responding" || this.request.complete) client.readAhead(data);
    else this.afterRequestBytes(this.request.more(data, upstream.outbox), upstream);
  }

  clientDrained(): void {
    this.upstream?.resume();
  }

  /** Before anything is sent nobody has looked whether the body is complete. */
  clientEnded(): boolean {
    return this.phase !== "responding" || this.request.complete;
  }

  clientClosed(): void {
    this.record(0);
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
    } else {
      this.fail(502, `the instance of ${this.route.key} that had the request was stopped`);
    }
  }

  expired(): void {
    switch (this.phase) {
      case "waiting":
        this.route.forget(this);
        this.refuse("waited in vain for one that listens on its $PORT");
        return;
      case "connecting":
        this.upstream?.destroy();
        this.upstreamRefused();
        return;
      default:
        if (this.request.complete || this.upstream?.outbox.congested || this.relay.started) {
          this.fail(504, `${this.route.key} did not answer in time`);
        } else this.fail(408, "the request body did not arrive in time");
    }
  }

  private send(upstream: UpstreamConnection): void {
    this.phase = "responding";
    this.afterRequestBytes(this.request.begin(upstream.outbox), upstream);
  }

  private afterRequestBytes(fault: Fault | null, upstream: UpstreamConnection): void {
    const { client, request, relay } = this;
    const { limits } = this.context;
    if (fault !== null) {
      this.fail(400, fault.reason);
      return;
    }
    if (!relay.started) client.expireIn(request.complete ? limits.responseTimeoutMs : limits.bodyTimeoutMs);
    if (upstream.outbox.congested) client.pause();
    else client.resume();
  }

  private upgrade(data: Buffer, upstream: UpstreamConnection): void {
    const { endpoint } = this;
    this.record(101);
    this.leave();
    this.phase = "over";
    if (endpoint !== null) new Tunnel(this.context, this.client, upstream, endpoint).begin(data, this.relay.end);
  }

  /** After an early response the rest of the request body would be taken for a request: no reuse then. */
  private mayKeepAlive(): boolean {
    return this.request.keepAlive && this.request.complete && !this.context.closing;
  }

  /** A connection that rested may have been closed by the server meanwhile: no fault of the request's. */
  private mayRepeat(): boolean {
    return this.reused && !this.relay.touched && this.request.repeatable;
  }

  private done(clean: boolean): void {
    const { relay, upstream, endpoint, client } = this;
    this.record(relay.status);
    if (upstream !== null && endpoint !== null) {
      const reusable = clean && relay.reusable && this.request.complete && !upstream.outbox.congested;
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
    this.record(this.relay.started ? 0 : status);
    this.upstream?.destroy();
    this.leave();
    this.phase = "over";
    if (this.relay.started) this.client.abort();
    else this.client.answer(status, reason);
  }

  private record(status: number): void {
    if (this.phase === "over") return;
    const tookMs = this.begun > 0 ? performance.now() - this.begun : null;
    this.route.counters.add(status, tookMs);
    this.endpoint?.counters.add(status, tookMs);
    this.span?.end(this.route.key, status);
  }

  private leave(): void {
    this.upstream = null;
    this.endpoint?.leave(this);
    this.endpoint = null;
  }
}
