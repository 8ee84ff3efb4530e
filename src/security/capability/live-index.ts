import { Hashes, wordsOf } from "./hashes.ts";
import type { LiveCapability } from "./live.ts";

/** Capabilities by token, by id, by the instance that has them, and by the service that holds them. */
export class LiveIndex {
  readonly #byId = new Map<string, LiveCapability>();
  /** By the first four bytes of the hash: a small integer is the cheapest key. Few share theirs, and none its whole hash. */
  readonly #byHash = new Map<number, LiveCapability>();
  readonly #hashes = new Hashes();
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
  byHash(hash: Int32Array): LiveCapability | undefined {
    let live = this.#byHash.get(keyOf(hash));
    while (live !== undefined && !this.#hashes.isAt(live.hashPlace, hash)) live = live.nextOfKey;
    return live;
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
    live.hashPlace = this.#hashes.add(live.record.hash);
    this.#link(keyOf(wordsOf(live.record.hash)), live);
    const holder = holderOf(live);
    if (holder === undefined) return;
    const held = this.#byHolder.get(holder) ?? new Set();
    this.#byHolder.set(holder, held.add(live));
  }

  remove(live: LiveCapability): void {
    this.#byId.delete(live.id);
    if (live.record.instance !== null) this.#byInstance.delete(live.record.instance);
    const key = keyOf(wordsOf(live.record.hash));
    const others: LiveCapability[] = [];
    for (let other = this.#byHash.get(key); other !== undefined; other = other.nextOfKey) {
      if (other !== live) others.push(other);
    }
    this.#byHash.delete(key);
    if (live.hashPlace >= 0) this.#hashes.remove(live.hashPlace);
    live.hashPlace = -1;
    for (const other of others) this.#link(key, other);
    live.parent?.children?.delete(live);
    const holder = holderOf(live);
    if (holder === undefined) return;
    const held = this.#byHolder.get(holder);
    held?.delete(live);
    if (held?.size === 0) this.#byHolder.delete(holder);
  }

  #link(key: number, live: LiveCapability): void {
    live.nextOfKey = this.#byHash.get(key);
    this.#byHash.set(key, live);
  }
}

function keyOf(hash: Int32Array): number {
  return hash[0] ?? 0;
}

/** Only services can use what they hold without showing a token. */
function holderOf({ record: { tenant, holder } }: LiveCapability): string | undefined {
  return holder?.startsWith("service:") ? `${tenant}/${holder}` : undefined;
}
