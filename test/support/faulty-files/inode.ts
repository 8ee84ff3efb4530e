import type { Random } from "../random.ts";

/** The unit that a disk writes whole or not at all, in bytes. */
const sectorBytes = 512;

type Change =
  | { readonly kind: "write"; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

/** How a loss of power treats what wasn't synced. Chosen for each file by the seed. */
const fates = ["none", "all", "first", "some"] as const;

/** A file's bytes twice: as programs see them, and as the disk has them. Between the two lie the changes not yet synced. */
export class Inode {
  #seen: Image;
  #stored: Image;
  #unsynced: Change[] = [];

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#seen = new Image(bytes);
    this.#stored = new Image(bytes);
  }

  get size(): number {
    return this.#seen.size;
  }

  read(into: Uint8Array, position: number): number {
    return this.#seen.read(into, position);
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length > 0) this.#change({ kind: "write", position, bytes: bytes.slice() });
  }

  truncate(size: number): void {
    this.#change({ kind: "truncate", size });
  }

  /** What a sync that starts now will make durable. */
  covered(): readonly Change[] {
    return [...this.#unsynced];
  }

  /** A sync that covers those changes has succeeded. */
  synced(covered: readonly Change[]): void {
    for (const change of this.#take(covered)) this.#stored.apply(change);
  }

  /**
   * A sync has failed, as on Linux: some of the changes reached the disk, the rest never will, and no later sync tells.
   * Programs go on seeing them until the power goes.
   */
  syncFailed(covered: readonly Change[], random: Random): void {
    this.#survive(this.#take(covered), "some", random);
  }

  /** The power goes: what programs see from now on is what the disk has. */
  losePower(random: Random): void {
    this.#survive(this.#unsynced, fates[random.below(fates.length)] ?? "some", random);
    this.#unsynced = [];
    this.#seen = new Image(this.#stored.bytes());
  }

  /** Damages a bit on the disk and in what is seen of it. */
  flipBit(position: number, bit: number): void {
    this.#seen.flip(position, bit);
    this.#stored.flip(position, bit);
  }

  bytes(): Uint8Array {
    return this.#seen.bytes();
  }

  #change(change: Change): void {
    this.#seen.apply(change);
    this.#unsynced.push(change);
  }

  #take(covered: readonly Change[]): readonly Change[] {
    const chosen = new Set(covered);
    const taken = this.#unsynced.filter((change) => chosen.has(change));
    this.#unsynced = this.#unsynced.filter((change) => !chosen.has(change));
    return taken;
  }

  #survive(changes: readonly Change[], fate: (typeof fates)[number], random: Random): void {
    const first = random.below(changes.length + 1);
    const odds = random.next();
    changes.forEach((change, index) => {
      if (fate === "all" || (fate === "first" && index < first)) this.#stored.apply(change);
      else if (fate === "first" && index === first) this.#tear(change, odds, random);
      else if (fate === "some") this.#tear(change, odds, random);
    });
  }

  /** Each sector of a write reaches the disk or doesn't, and so does the file's new length. */
  #tear(change: Change, odds: number, random: Random): void {
    if (change.kind === "truncate") {
      if (random.chance(odds)) this.#stored.apply(change);
      return;
    }
    const { position, bytes } = change;
    const end = position + bytes.length;
    for (let at = position; at < end; ) {
      const next = Math.min(end, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
      const sector = bytes.subarray(at - position, next - position);
      if (random.chance(odds)) this.#stored.apply({ kind: "write", position: at, bytes: sector });
      at = next;
    }
    if (end > this.#stored.size && random.chance(0.5)) this.#stored.apply({ kind: "truncate", size: end });
  }
}

/** Bytes that grow. What lies beyond `size` is zero. */
class Image {
  size: number;
  #memory: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#memory = bytes.slice();
    this.size = bytes.length;
  }

  bytes(): Uint8Array {
    return this.#memory.slice(0, this.size);
  }

  read(into: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(into.length, this.size - position));
    into.set(this.#memory.subarray(position, position + count));
    return count;
  }

  apply(change: Change): void {
    if (change.kind === "write") {
      this.#reach(change.position + change.bytes.length);
      this.#memory.set(change.bytes, change.position);
      this.size = Math.max(this.size, change.position + change.bytes.length);
    } else {
      this.#reach(change.size);
      if (change.size < this.size) this.#memory.fill(0, change.size, this.size);
      this.size = change.size;
    }
  }

  flip(position: number, bit: number): void {
    if (position < this.size) this.#memory[position] = (this.#memory[position] ?? 0) ^ (1 << bit);
  }

  #reach(size: number): void {
    if (size <= this.#memory.length) return;
    const larger = new Uint8Array(Math.max(size, this.#memory.length * 2, 4_096));
    larger.set(this.#memory);
    this.#memory = larger;
  }
}
