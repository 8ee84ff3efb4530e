import { timingSafeEqual } from "node:crypto";
import type { LiveCapability } from "./live.ts";

/** Capabilities by token, by id, by the instance that has them, and by the service that holds them. */
export class LiveIndex {
  readonly #byId = new Map<string, LiveCapability>();
  /** By the first six bytes of the hash: a number is a cheaper key than a text. Two with one key are rare, not impossible. */
  readonly #byHash = new Map<number, LiveCapability[]>();
  readonly #byHolder = new Map<string, Set<LiveCapability>>();

  readonly #byInstance = new Map<string, LiveCapability>();

  get size(): number {
    return this.#byId.size;
  }

  all(): Iterable<LiveCapability> {
    return this.#byId.values();
  }

  byId(id: string): LiveCapability | undefined {
    return this.#byId.get(id);
  }

  /** The capability of a token, whose hash is compared as a whole in constant time. */
  byHash(hash: Buffer): LiveCapability | undefined {
    return this.#byHash.get(keyOf(hash))?.find((live) => timingSafeEqual(live.hash, hash));
  }

  /** Those that a service holds. */
  heldBy(tenant: string, name: string): Iterable<LiveCapability> {
    return this.#byHolder.get(`${tenant}/service:${name}`) ?? [];
  }

  /** The one that an instance was started with. */
  ofInstance(instance: string): LiveCapability | undefined {
    return this.#byInstance.get(instance);
  }

  instances(): string[] {
    return [...this.#byInstance.keys()];
  }

  add(live: LiveCapability): void {
    this.#byId.set(live.id, live);
    if (live.record.instance !== null) this.#byInstance.set(live.record.instance, live);
    const key = keyOf(live.hash);
    const same = this.#byHash.get(key);
    if (same === undefined) this.#byHash.set(key, [live]);
    else same.push(live);
    const holder = holderOf(live);
    if (holder === undefined) return;
    const held = this.#byHolder.get(holder) ?? new Set();
    this.#byHolder.set(holder, held.add(live));
  }

  remove(live: LiveCapability): void {
    this.#byId.delete(live.id);
    if (live.record.instance !== null) this.#byInstance.delete(live.record.instance);
    const key = keyOf(live.hash);
    const others = this.#byHash.get(key)?.filter((other) => other !== live) ?? [];
    if (others.length === 0) this.#byHash.delete(key);
    else this.#byHash.set(key, others);
    live.parent?.children.delete(live);
    const holder = holderOf(live);
    if (holder === undefined) return;
    const held = this.#byHolder.get(holder);
    held?.delete(live);
    if (held?.size === 0) this.#byHolder.delete(holder);
  }
}

function keyOf(hash: Buffer): number {
  return hash.readUIntBE(0, 6);
}

/** Only services can use what they hold without showing a token. */
function holderOf({ record: { tenant, holder } }: LiveCapability): string | undefined {
  return holder?.startsWith("service:") ? `${tenant}/${holder}` : undefined;
}
