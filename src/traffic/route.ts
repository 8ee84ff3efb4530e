import type { Clock } from "./clock.ts";
import { type Endpoint, EndpointState } from "./endpoint.ts";
import { maxHeldBytesPerRoute } from "./options.ts";
import { pickEndpoint } from "./pick.ts";
import { RequestCounters } from "./request-counters.ts";

/** A request that wants an endpoint. */
export interface Dispatchable {
  /** Bytes kept in memory while it waits. */
  readonly heldBytes: number;
  assign(endpoint: EndpointState): void;
  /** It waits; `resume` or `drop` follow. */
  held(): void;
  refuse(reason: string): void;
}

export interface RouteStats {
  /** Requests sent to an endpoint and not yet answered in full, upgraded connections included. */
  readonly inFlight: number;
  /** Requests that wait for an endpoint. */
  readonly held: number;
  readonly requests: number;
  /** Requests that the ingress itself answered with 5xx or had to cut off. */
  readonly errors: number;
}

/** One service's endpoints, and the requests that wait for one. */
export class Route {
  requests = 0;
  errors = 0;
  private recorded: RequestCounters | undefined;
  private endpoints: EndpointState[] = [];
  private readonly waiting = new Set<Dispatchable>();
  private waitingBytes = 0;
  private turn = 0;

  constructor(
    readonly key: string,
    private readonly clock: Clock,
    public maxHeld: number,
  ) {}

  /** Made for the first request: most routes of thousands never get one. */
  get counters(): RequestCounters {
    this.recorded ??= new RequestCounters();
    return this.recorded;
  }

  /** Undefined when no request has ended yet. */
  get countersIfAny(): RequestCounters | undefined {
    return this.recorded;
  }

  get stats(): RouteStats {
    const inFlight = this.endpoints.reduce((sum, endpoint) => sum + endpoint.inFlight, 0);
    return { inFlight, held: this.waiting.size, requests: this.requests, errors: this.errors };
  }

  /** Gives the request an endpoint now, lets it wait, or refuses it when too many wait. */
  dispatch(request: Dispatchable): void {
    const endpoint = pickEndpoint(this.endpoints, this.turn++, this.clock.now);
    if (endpoint !== undefined) {
      request.assign(endpoint);
    } else if (this.isSlowed) {
      request.refuse(slowed);
    } else if (this.waiting.size >= this.maxHeld || this.waitingBytes + request.heldBytes > maxHeldBytesPerRoute) {
      request.refuse("too many requests wait for it");
    } else {
      this.waiting.add(request);
      this.waitingBytes += request.heldBytes;
      request.held();
    }
  }

  /** The request no longer waits: it was dropped or timed out. */
  forget(request: Dispatchable): void {
    if (this.waiting.delete(request)) this.waitingBytes -= request.heldBytes;
  }

  add(endpoint: Endpoint): void {
    const known = this.find(endpoint.id);
    if (known?.isAt(endpoint)) {
      known.draining = false;
    } else {
      this.remove(endpoint.id);
      this.endpoints = [...this.endpoints, new EndpointState(endpoint, () => this.dispatchWaiting())];
    }
    this.dispatchWaiting();
  }

  remove(id: string): void {
    const state = this.find(id);
    if (state === undefined) return;
    this.endpoints = this.endpoints.filter((other) => other !== state);
    state.remove();
  }

  /** How the requests ended that each endpoint got, of those that got any. */
  *countersByEndpoint(): Generator<readonly [id: string, counters: RequestCounters]> {
    for (const { endpoint, countersIfAny } of this.endpoints) {
      if (countersIfAny !== undefined) yield [endpoint.id, countersIfAny];
    }
  }

  find(id: string): EndpointState | undefined {
    return this.endpoints.find((state) => state.endpoint.id === id);
  }

  tick(): void {
    for (const endpoint of this.endpoints) endpoint.tick(this.clock.now);
    if (this.waiting.size > 0) this.dispatchWaiting();
  }

  /** The route is no more: nothing waits, nothing goes on. */
  close(reason: string): void {
    this.refuseWaiting(reason);
    for (const { endpoint } of this.endpoints) this.remove(endpoint.id);
  }

  private dispatchWaiting(): void {
    for (const request of [...this.waiting]) {
      const endpoint = pickEndpoint(this.endpoints, this.turn++, this.clock.now);
      if (endpoint === undefined) {
        if (this.isSlowed) this.refuseWaiting(slowed);
        return;
      }
      this.forget(request);
      request.assign(endpoint);
    }
  }

  /** Whether all that could take a request is slowed down, for nobody knows how long. */
  private get isSlowed(): boolean {
    const open = this.endpoints.filter(({ draining }) => !draining);
    return open.length > 0 && open.every((endpoint) => endpoint.isSlowed);
  }

  private refuseWaiting(reason: string): void {
    for (const request of [...this.waiting]) {
      this.forget(request);
      request.refuse(reason);
    }
  }
}

const slowed = "it is slowed down, because it uses more than its limits allow";
