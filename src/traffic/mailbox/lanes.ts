/** Something that waits in the lane of its sender. */
interface Waiting {
  readonly sender: string;
}

/** A queue in which senders take turns: each has a lane of its own, first in, first out. */
export class Lanes<Item extends Waiting> implements Iterable<Item> {
  /** In the order of turns; one without anything in it is not kept. */
  readonly #lanes = new Map<string, Set<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  waitingOf(sender: string): number {
    return this.#lanes.get(sender)?.size ?? 0;
  }

  add(item: Item): void {
    const lane = this.#lanes.get(item.sender);
    if (lane === undefined) this.#lanes.set(item.sender, new Set([item]));
    else lane.add(item);
    this.#size += 1;
  }

  /** False when it is not there. */
  remove(item: Item): boolean {
    const lane = this.#lanes.get(item.sender);
    if (lane?.delete(item) !== true) return false;
    if (lane.size === 0) this.#lanes.delete(item.sender);
    this.#size -= 1;
    return true;
  }

  /** Takes the oldest of the sender whose turn it is, who then waits for the next turn behind all others. */
  next(): Item | undefined {
    for (const [sender, lane] of this.#lanes) {
      this.#lanes.delete(sender);
      for (const item of lane) {
        lane.delete(item);
        this.#size -= 1;
        if (lane.size > 0) this.#lanes.set(sender, lane);
        return item;
      }
    }
    return undefined;
  }

  /** What is removed on the way is not met again. */
  *[Symbol.iterator](): Iterator<Item> {
    for (const lane of this.#lanes.values()) yield* lane;
  }
}
