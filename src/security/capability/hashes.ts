import { hashBytes } from "./token.ts";

const words = hashBytes / Int32Array.BYTES_PER_ELEMENT;
const firstRoom = 1_024;

/**
 * Hashes of tokens side by side, each at a place of its own: to compare one touches a single line of the processor's cache, and a
 * hundred thousand of them are no objects that the garbage collector would have to look at.
 */
export class Hashes {
  #words = new Int32Array(firstRoom * words);
  #next = 0;
  readonly #free: number[] = [];

  /** Keeps a hash, and answers its place. */
  add(hash: Uint8Array): number {
    const place = this.#free.pop() ?? this.#next++;
    if ((place + 1) * words > this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words.set(wordsOf(hash), place * words);
    return place;
  }

  remove(place: number): void {
    this.#words.fill(0, place * words, (place + 1) * words);
    this.#free.push(place);
  }

  /** Whether a place holds a hash; it takes as long whatever they have in common. */
  isAt(place: number, hash: Int32Array): boolean {
    let difference = 0;
    for (let word = 0; word < words; word++) {
      difference |= (this.#words[place * words + word] ?? 0) ^ (hash[word] ?? 0);
    }
    return difference === 0;
  }
}

/** The same bytes as numbers that are compared at once. */
export function wordsOf(hash: Uint8Array): Int32Array {
  // What comes from a database need not lie where a number may.
  return new Int32Array(Uint8Array.from(hash).buffer);
}
