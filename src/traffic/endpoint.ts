import { maxIdlePerEndpoint, suspectMs, upstreamIdleMs } from "./options.ts";
import { RequestCounters } from "./request-counters.ts";
import { type IdlePool, UpstreamConnection, type UpstreamUser } from "./upstream-connection.ts";

/** One instance of a service, as the ingress reaches it. */
export interface Endpoint {
  readonly id: string;
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** How many requests it may have in flight now, upgraded connections included; further ones wait. Default: any number. */
  readonly room?: () => number;
  /** Whether it is slowed down, and gets nothing new: what would wait for it is refused instead. Default: never. */
  readonly isSlowed?: () => boolean;
}

/** An exchange, as its endpoint sees it. */
export interface Occupant {
  /** Its place in the endpoint's list, which the endpoint keeps. */
  slot: number;
  readonly upgraded: boolean;
  /** The endpoint goes away now. */
  cut(): void;
}

/** An endpoint's requests in flight and its idle connections. */
export class EndpointState implements IdlePool {
  draining = false;
  private readonly occupants: Occupant[] = [];
  private readonly idle: UpstreamConnection[] = [];
  /** It refused the last connection: one request at a time tries it until it accepts one. */
  private suspected = false;
  private suspectUntil = 0;
  private waiter: (() => void) | null = null;
  private recorded: RequestCounters | undefined;

  /** @param onRoom called when a request has left that others may have waited for */
  constructor(
    readonly endpoint: Endpoint,
    private readonly onRoom: () => void = () => undefined,
  ) {}

  /** How the requests ended that it got; made for the first one. */
  get counters(): RequestCounters {
    this.recorded ??= new RequestCounters();
    return this.recorded;
  }

  get countersIfAny(): RequestCounters | undefined {
    return this.recorded;
  }

  get inFlight(): number {
    return this.occupants.length;
  }

  isAt({ host, port }: Endpoint): boolean {
    return this.endpoint.host === host && this.endpoint.port === port;
  }

  get isSlowed(): boolean {
    return this.endpoint.isSlowed?.() === true;
  }

  /** Whether new requests may go there. */
  usable(now: number): boolean {
    const { room } = this.endpoint;
    if (this.draining || now < this.suspectUntil || this.isSlowed) return false;
    return room === undefined || this.inFlight < room();
  }

  /** It refused a connection: let others serve for a moment. */
  suspect(now: number): void {
    this.suspected = true;
    this.suspectUntil = now + suspectMs;
  }

  /** It accepted a connection. */
  trust(): void {
    this.suspected = false;
    this.suspectUntil = 0;
  }

  enter(occupant: Occupant): void {
    occupant.slot = this.occupants.length;
    this.occupants.push(occupant);
  }

  leave(occupant: Occupant): void {
    const last = this.occupants.pop();
    if (last !== undefined && last !== occupant) {
      this.occupants[occupant.slot] = last;
      last.slot = occupant.slot;
    }
    if (this.occupants.length === 0) this.waiter?.();
    // Not within the event of the one that left.
    if (this.endpoint.room !== undefined) queueMicrotask(this.onRoom);
  }

  /** The connection used last, if one rests: it is the least likely to be closed by the server. */
  takeIdle(): UpstreamConnection | undefined {
    return this.idle.pop();
  }

  connect(user: UpstreamUser, now: number): UpstreamConnection {
    if (this.suspected) this.suspectUntil = now + suspectMs;
    const { host = "127.0.0.1", port } = this.endpoint;
    return UpstreamConnection.connect(host, port, this, user);
  }

  release(connection: UpstreamConnection, now: number): void {
    connection.user = null;
    connection.idleSince = now;
    if (this.draining || this.idle.length >= maxIdlePerEndpoint) connection.destroy();
    else this.idle.push(connection);
  }

  forget(connection: UpstreamConnection): void {
    const index = this.idle.indexOf(connection);
    if (index >= 0) this.idle.splice(index, 1);
  }

  /** Drops the connections that have rested too long: the pool is a stack, so they lie at its bottom. */
  tick(now: number): void {
    if (this.idle.length === 0) return;
    let old = 0;
    while (old < this.idle.length && (this.idle[old]?.idleSince ?? now) <= now - upstreamIdleMs) old++;
    for (const connection of this.idle.splice(0, old)) connection.destroy();
  }

  /** Resolves with the requests left when none is or the time is up; upgraded connections are cut then. */
  async drain(timeoutMs: number): Promise<number> {
    this.draining = true;
    this.closeIdle();
    if (this.inFlight > 0) await this.emptyOr(timeoutMs);
    for (const occupant of [...this.occupants]) if (occupant.upgraded) occupant.cut();
    return this.inFlight;
  }

  /** Cuts everything off. */
  remove(): void {
    this.draining = true;
    this.closeIdle();
    for (const occupant of [...this.occupants]) occupant.cut();
  }

  private emptyOr(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      const earlier = this.waiter;
      this.waiter = () => {
        clearTimeout(timer);
        earlier?.();
        resolve();
      };
    });
  }

  private closeIdle(): void {
    for (const connection of this.idle.splice(0)) connection.destroy();
  }
}
