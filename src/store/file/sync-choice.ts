/**
 * Whether small groups are synced on the caller's thread or handed to another one, by how long each has taken lately. With a
 * fast disk and a core to itself, handing over costs more than it saves. On a machine whose cores are all busy, a thread
 * that worked and then slept in a sync gets a core again a millisecond or two after the disk is done; one that only syncs at
 * once: five times as many commits a second were measured.
 */
export class SyncChoice {
  #hereMs: number | undefined;
  #thereMs: number | undefined;
  #count = 0;

  /** Whether the next is synced here. Now and then it is where the last took longer, because that changes. */
  isHere(): boolean {
    this.#count++;
    if (this.#hereMs === undefined) return true;
    // A disk that is slow is so from everywhere, and a slow sync here holds up the event loop.
    if (this.#thereMs === undefined || this.#thereMs > mostHereMs) return false;
    const isHereFaster = this.#hereMs <= this.#thereMs;
    return this.#count % tryEvery === 0 ? !isHereFaster : isHereFaster;
  }

  /** Notes how long one took, in milliseconds, from its write until the caller went on. */
  took(isHere: boolean, ms: number): void {
    const before = isHere ? this.#hereMs : this.#thereMs;
    const counted = Math.min(ms, longestCountedMs);
    const after = before === undefined ? counted : before + (counted - before) / 4;
    if (isHere) this.#hereMs = after;
    else this.#thereMs = after;
  }
}

const tryEvery = 64;
/** In milliseconds, as the next. */
const mostHereMs = 2;
/** A single stall counts as no more. */
const longestCountedMs = 4;
