import type { IngressContext } from "./context.ts";
import type { EndpointState, Occupant } from "./endpoint.ts";
import type { Conversation, ExchangeClient } from "./exchange-client.ts";
import type { UpstreamConnection, UpstreamUser } from "./upstream-connection.ts";

/** An upgraded connection, such as a WebSocket: bytes both ways, unread. */
export class Tunnel implements Conversation, Occupant, UpstreamUser {
  readonly upgraded = true;
  slot = 0;

  constructor(
    private readonly context: IngressContext,
    private readonly client: ExchangeClient,
    private readonly upstream: UpstreamConnection,
    private readonly endpoint: EndpointState,
  ) {}

  /** @param data what the upstream sent with its answer, from `start` on */
  begin(data: Buffer, start: number): void {
    const { client, upstream } = this;
    this.endpoint.enter(this);
    upstream.user = this;
    client.handOver(this);
    if (start < data.length) this.upstreamData(data.subarray(start));
    const ahead = client.takeReadAhead();
    if (ahead !== null) this.clientData(ahead);
    if (!upstream.outbox.congested) client.resume();
  }

  upstreamData(data: Buffer): void {
    const { client } = this;
    client.outbox.write(data, 0, data.length);
    client.expireIn(this.context.limits.streamTimeoutMs);
    if (client.outbox.congested) this.upstream.pause();
  }

  clientData(data: Buffer): void {
    const { client, upstream } = this;
    upstream.outbox.write(data, 0, data.length);
    client.expireIn(this.context.limits.streamTimeoutMs);
    if (upstream.outbox.congested) client.pause();
  }

  upstreamDrained(): void {
    this.client.resume();
  }

  clientDrained(): void {
    this.upstream.resume();
  }

  upstreamClosed(): void {
    this.endpoint.leave(this);
    this.client.finish();
  }

  upstreamFailed(error: unknown): void {
    this.client.abort();
    this.context.onError(error);
  }

  /** The upstream learns of it, and may still answer. */
  clientEnded(): boolean {
    this.upstream.endSending();
    return true;
  }

  clientClosed(): void {
    this.upstream.destroy();
    this.endpoint.leave(this);
  }

  cut(): void {
    this.clientClosed();
    this.client.finish();
  }

  expired(): void {
    this.cut();
  }

  // A tunnel's connection was opened long ago.
  upstreamOpened(): void {}
  upstreamRefused(): void {}
}
