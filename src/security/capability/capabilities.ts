import { SoloError } from "../../api/index.ts";
import { type Clock, SteadyClock } from "../../system/index.ts";
import { EndWatch } from "./end-watch.ts";
import { LiveCapability } from "./live.ts";
import type { LiveIndex } from "./live-index.ts";
import { loadLive } from "./load.ts";
import { allows, type Narrowing, narrow, reaches } from "./narrow.ts";
import type { CapabilityRecord, CapabilityTable } from "./record.ts";
import { ended, tooMany, unknownToken } from "./refusals.ts";
import { hashOf, hashToLookFor, newCapabilityId, newToken } from "./token.ts";
import { countUse } from "./uses.ts";

export interface CapabilitiesOptions {
  readonly table: CapabilityTable;
  readonly clock: Clock;
  /** Told once of each capability that was found to have expired. */
  readonly onExpired?: (capability: LiveCapability) => void;
}

/** What a new capability is to be. */
export interface Wanted extends Narrowing {
  /** Milliseconds from now on. */
  readonly ttlMs?: number | undefined;
  readonly holder?: string | undefined;
}

/** A capability with its token, which is nowhere else. */
export interface Issued {
  readonly capability: LiveCapability;
  readonly token: string;
}

/** All capabilities of a kernel: made, narrowed, checked, counted and revoked here. */
export class Capabilities {
  readonly #table: CapabilityTable;
  readonly #options: CapabilitiesOptions;
  readonly #time: SteadyClock;
  readonly #ends: EndWatch;
  /** Loaded when the first of them is asked for: most kernels never are. */
  #loaded: LiveIndex | undefined;
  #latest: LiveCapability | undefined;
  #notedAt = 0;
  #sweptAt: number;

  constructor(options: CapabilitiesOptions) {
    this.#options = options;
    this.#table = options.table;
    this.#time = new SteadyClock(options.clock, options.table.latestTime());
    this.#sweptAt = this.#time.now();
    this.#ends = new EndWatch((live) => this.#hasEnded(live));
  }

  /** The time by which capabilities expire, in wall milliseconds. */
  now(): number {
    return this.#time.now();
  }

  /**
   * A capability that comes from no other: for the kernel's owner to give.
   * @throws SoloError `limit_exceeded` when there are too many
   */
  grant(wanted: Wanted & Root): Issued {
    const { tenant, resource, permissions } = wanted;
    return this.#issue(undefined, { ...wanted, tenant, resource, permissions: [...new Set(permissions)] }, null);
  }

  /** The token that an instance is started with: its service's on itself, until the instance ends. */
  grantInstance(
    { tenant, name }: { readonly tenant: string; readonly name: string },
    instance: string,
    permissions: readonly string[],
  ): Issued {
    this.endInstance(instance);
    return this.#issue(undefined, { tenant, resource: `service:${name}`, permissions }, instance);
  }

  /**
   * A capability that comes from another one and allows no more.
   * @throws SoloError `forbidden` for what goes beyond it, `unauthenticated` when it has ended
   */
  narrow(parent: LiveCapability, wanted: Wanted): Issued {
    this.#checkValid(parent);
    const now = this.#time.now();
    const bounds = narrow(parent, {
      ...wanted,
      expires: wanted.ttlMs === undefined ? wanted.expires : now + wanted.ttlMs,
    });
    const { tenant, resource, permissions, expires } = bounds;
    const { rate, calls, holder } = wanted;
    this.#refuseTooMany(parent);
    return this.#issue(
      parent,
      { tenant, resource, permissions, expires: expires ?? undefined, rate, calls, holder },
      null,
    );
  }

  /**
   * The valid capability of a token, if it is good for a tenant at all.
   * @throws SoloError `unauthenticated` for one that is unknown, revoked or expired
   */
  authenticate(token: string, tenant?: string): LiveCapability {
    const hash = hashToLookFor(token);
    const live = hash && this.#index.byHash(hash);
    const isElsewhere = tenant !== undefined && live?.resource !== "*" && live?.tenant !== tenant;
    if (live === undefined || isElsewhere) throw unknownToken();
    this.#checkValid(live);
    this.#latest = live;
    return live;
  }

  /**
   * Takes one operation off what a capability and its ancestors have.
   * @throws SoloError `unauthenticated` when it has ended meanwhile, `budget_exhausted` when none is left
   */
  use(id: string): void {
    // Mostly the one whose token was shown right before. One that is forgotten meanwhile is revoked too.
    const live = this.#latest?.id === id ? this.#latest : this.#index.byId(id);
    if (live === undefined) throw unknownToken();
    this.#checkValid(live);
    if (live.counted.length > 0) countUse(live, (counted, used) => this.#table.saveUsed(counted.id, used));
  }

  /** Calls back once when a capability ends, also by the passing of time. Answers what calls that off. */
  onEnd(id: string, callback: () => void): () => void {
    const live = this.#index.byId(id);
    if (live !== undefined && !this.#hasEnded(live)) return this.#ends.watch(live, callback);
    callback();
    return () => undefined;
  }

  find(id: string): LiveCapability | undefined {
    return this.#index.byId(id);
  }

  /** The one that an instance was started with. */
  ofInstance(instance: string): LiveCapability | undefined {
    return this.#index.ofInstance(instance);
  }

  /** Every one that is remembered, oldest first. */
  *all(): Generator<LiveCapability> {
    yield* this.#index.all();
  }

  /** Whether a service holds a valid capability that covers a permission on a resource. */
  isHeld(
    by: { readonly tenant: string; readonly name: string },
    on: { readonly tenant: string; readonly resource: string },
    permission: string,
  ): boolean {
    for (const live of this.#index.heldBy(by.tenant, by.name)) {
      if (!this.#hasEnded(live) && reaches(live, on) && allows(live.permissions, permission)) return true;
    }
    return false;
  }

  stateOf(live: LiveCapability): "valid" | "revoked" | "expired" | "used_up" {
    if (live.revoked !== null) return "revoked";
    if (this.#hasEnded(live)) return "expired";
    return live.calls === 0 ? "used_up" : "valid";
  }

  /**
   * Ends a capability and all that came from it, at once and for good.
   * @returns those that were valid until now
   */
  revoke(live: LiveCapability): LiveCapability[] {
    const ended = [...live.subtree()].filter(({ revoked }) => revoked === null);
    const time = this.#time.now();
    this.#table.revoke(
      ended.map(({ id }) => id),
      time,
    );
    for (const one of ended) {
      one.revoked = time;
      this.#ends.end(one);
    }
    this.#keepTime();
    return ended;
  }

  /** The instance's process is gone, and so go its token and all that came from it. */
  endInstance(instance: string): void {
    const live = this.#index.ofInstance(instance);
    if (live === undefined) return;
    const gone = [...live.subtree()];
    this.#forget(gone);
    try {
      this.#table.remove(gone.map(({ id }) => id));
    } catch {
      // An end that a full disk does not take is an end all the same; the next kernel finds a token without its instance.
    }
  }

  /** Forgets the tokens of instances that are no more. */
  keepInstances(known: ReadonlySet<string>): void {
    // Mostly there is none, and then what all others have need not be loaded.
    const instances = this.#loaded?.instances() ?? this.#table.instances();
    for (const instance of instances) if (!known.has(instance)) this.endInstance(instance);
  }

  /** Keeps what is not durable yet: exact counts, and the time. */
  close(): void {
    this.#ends.close();
    if (this.#loaded === undefined) return;
    for (const live of this.#loaded.all()) if (live.used < live.reserved) this.#table.saveUsed(live.id, live.used);
    this.#keepTime();
  }

  get #index(): LiveIndex {
    this.#loaded ??= loadLive(this.#table);
    return this.#loaded;
  }

  #issue(parent: LiveCapability | undefined, wanted: Wanted & Root, instance: string | null): Issued {
    const index = this.#index;
    this.#sweep();
    if (index.size >= mostCapabilities) throw tooMany("there", mostCapabilities);
    const token = newToken();
    const created = this.#time.now();
    const hash = hashOf(token);
    if (hash === undefined) throw new Error("a new token has not the form of tokens");
    const record: CapabilityRecord = {
      id: newCapabilityId(),
      hash,
      tenant: wanted.tenant,
      resource: wanted.resource,
      permissions: wanted.permissions,
      holder: wanted.holder ?? null,
      parent: parent?.id ?? null,
      created,
      expires: expiryOf(wanted, created),
      revoked: null,
      rate: wanted.rate ?? null,
      calls: wanted.calls ?? null,
      used: 0,
      instance,
    };
    this.#add(record);
    const capability = new LiveCapability(record, parent);
    index.add(capability);
    if (record.expires !== null) this.#keepTime();
    return { capability, token };
  }

  /** A service that is to be restarted is not kept waiting by a disk that takes nothing: its token then ends with the kernel. */
  #add(record: CapabilityRecord): void {
    try {
      this.#table.add(record);
    } catch (error) {
      if (record.instance === null) throw error;
    }
  }

  #checkValid(live: LiveCapability): void {
    if (live.revoked !== null) throw ended(live, `was revoked at ${new Date(live.revoked).toISOString()}`);
    if (!this.#hasEnded(live)) return;
    throw ended(live, `expired at ${new Date(live.expires ?? 0).toISOString()}`);
  }

  #hasEnded(live: LiveCapability): boolean {
    if (live.revoked !== null) return true;
    if (live.expires === null) return false;
    const now = this.#time.now();
    if (now - this.#notedAt > noteEveryMs) this.#keepTime();
    if (!live.hasExpired(now)) return false;
    if (!live.expiryNoted) {
      live.expiryNoted = true;
      // Once refused, refused for good: also by the next kernel, whatever its clock says.
      this.#keepTime();
      this.#options.onExpired?.(live);
    }
    return true;
  }

  #keepTime(): void {
    const now = this.#time.now();
    this.#notedAt = now;
    this.#table.noteTime(now);
  }

  #refuseTooMany(parent: LiveCapability): void {
    if (parent.depth >= mostGenerations) {
      throw new SoloError(
        "limit_exceeded",
        `the capability ${parent.id} is the last of ${mostGenerations} generations`,
        {
          hint: "narrow one that it came from",
        },
      );
    }
    let count = 0;
    for (const _ of parent.subtree()) if (++count > mostDescendants) throw tooMany("from this one", mostDescendants);
  }

  /** Forgets what ended long ago. */
  #sweep(): void {
    const now = this.#time.now();
    if (now - this.#sweptAt < sweepEveryMs) return;
    this.#sweptAt = now;
    const gone = [...this.#index.all()].filter(
      ({ revoked, expires }) => Math.min(revoked ?? now, expires ?? now) < now - rememberMs,
    );
    this.#table.remove(gone.map(({ id }) => id));
    this.#forget(gone);
  }

  #forget(gone: readonly LiveCapability[]): void {
    const now = this.#time.now();
    for (const live of gone) {
      live.revoked ??= now;
      this.#index.remove(live);
      this.#ends.end(live);
    }
  }
}

/** What has to be said of a capability that has no parent to have it from. */
interface Root {
  readonly tenant: string;
  readonly resource: string;
  readonly permissions: readonly string[];
}

function expiryOf({ expires, ttlMs }: Wanted, now: number): number | null {
  if (expires !== undefined) return expires;
  return ttlMs === undefined ? null : now + ttlMs;
}

/** About 150 MB in memory. */
const mostCapabilities = 500_000;
/** So that no holder can use up what all have together. */
const mostDescendants = 10_000;
/** Each generation is looked at when an operation is counted. */
const mostGenerations = 16;
/** An ended one is remembered so long, to tell its bearer why it is refused. */
const rememberMs = 86_400_000;
const sweepEveryMs = 3_600_000;
/** After a crash with the clock set back meanwhile, expiry may be late by so much. */
const noteEveryMs = 30_000;
