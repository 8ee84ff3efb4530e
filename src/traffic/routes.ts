import type { Clock } from "./clock.ts";
import { Route } from "./route.ts";

/** Which service a host name belongs to. */
export class RouteTable {
  private readonly byHost = new Map<string, Route>();
  private readonly byKey = new Map<string, Route>();
  /** What each route was given; another one may have taken some of them since. */
  private readonly hosts = new Map<Route, readonly string[]>();

  constructor(
    private readonly clock: Clock,
    private readonly maxHeld: number,
  ) {}

  /**
   * Makes the route answer to exactly these hosts. A host that another route has goes to the newer one.
   * @param maxHeld requests that may wait for it, where that is less than for all routes
   */
  set(key: string, hosts: readonly string[], maxHeld = this.maxHeld): void {
    const route = this.byKey.get(key) ?? new Route(key, this.clock, this.maxHeld);
    route.maxHeld = Math.min(maxHeld, this.maxHeld);
    this.byKey.set(key, route);
    this.dropHosts(route);
    const names = hosts.map((host) => host.toLowerCase());
    this.hosts.set(route, names);
    for (const host of names) this.byHost.set(host, route);
  }

  remove(key: string): void {
    const route = this.byKey.get(key);
    if (route === undefined) return;
    this.byKey.delete(key);
    this.dropHosts(route);
    route.close("the service was removed");
  }

  /** @param host lower-case, without port */
  find(host: string): Route | undefined {
    return this.byHost.get(host);
  }

  get(key: string): Route | undefined {
    return this.byKey.get(key);
  }

  all(): Iterable<Route> {
    return this.byKey.values();
  }

  private dropHosts(route: Route): void {
    for (const host of this.hosts.get(route) ?? []) if (this.byHost.get(host) === route) this.byHost.delete(host);
    this.hosts.delete(route);
  }
}
