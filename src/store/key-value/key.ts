import { StoreError } from "../error.ts";
import { hashWord, headerWords, keyWordAt } from "../hybrid-log/layout.ts";

/** Text is shorthand for its UTF-8 bytes: `"a"` and `Uint8Array [97]` are one key. Integers are keys of their own. */
export type Key = string | Uint8Array | number;

/** Longest key, in bytes: its length has 16 bits of a record's header. */
const maxKeyBytes = 65_535;

/** Set in a record's key word when the key is an integer of 64 bits. */
const integerKey = 1 << 16;

/**
 * One key at a time in the form in which records hold it: whole 32-bit words, the last padded with zeros, with their hash.
 * Loading a key makes no garbage and hashes it in the same pass.
 */
export class KeyBuffer {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** 32 bits, signed. */
  hash = 0;
  /** Length in bytes, and {@link integerKey}. */
  keyWord = 0;
  /** How many of the words the key takes. */
  wordCount = 0;

  /** @param capacity bytes of the longest key, a multiple of 4 */
  constructor(capacity = maxKeyBytes + 1) {
    const buffer = new ArrayBuffer(capacity);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
  }

  load(key: Key): void {
    if (typeof key === "string") this.#loadText(key);
    else if (typeof key === "number") this.#loadInteger(key);
    else this.#loadBytes(key);
  }

  /** Takes the key of a record. */
  loadRecord(words: Int32Array, at: number): void {
    const keyWord = words[at + keyWordAt] ?? 0;
    const wordCount = ((keyWord & 0xffff) + 3) >>> 2;
    for (let word = 0; word < wordCount; word++) this.words[word] = words[at + headerWords + word] ?? 0;
    this.hash = words[at + hashWord] ?? 0;
    this.keyWord = keyWord;
    this.wordCount = wordCount;
  }

  /** Takes over the key of another buffer. */
  copyFrom(other: KeyBuffer): void {
    this.words.set(other.words.subarray(0, other.wordCount));
    this.hash = other.hash;
    this.keyWord = other.keyWord;
    this.wordCount = other.wordCount;
  }

  #loadText(text: string): void {
    const { length } = text;
    if (length > maxKeyBytes) throw tooLong(length);
    const { words } = this;
    const whole = length & ~3;
    let seen = 0;
    let hash = seed;
    let at = 0;
    let index = 0;
    for (; index < whole; index += 4) {
      const a = text.charCodeAt(index);
      const b = text.charCodeAt(index + 1);
      const c = text.charCodeAt(index + 2);
      const d = text.charCodeAt(index + 3);
      seen |= a | b | c | d;
      const word = a | (b << 8) | (c << 16) | (d << 24);
      words[at++] = word;
      hash = mix(hash, word);
    }
    if (index < length) {
      let word = 0;
      for (let shift = 0; index < length; index++, shift += 8) {
        const code = text.charCodeAt(index);
        seen |= code;
        word |= code << shift;
      }
      words[at++] = word;
      hash = mix(hash, word);
    }
    if (seen > 127) this.#loadUnicode(text);
    else this.#finish(hash, length, length, at);
  }

  #loadUnicode(text: string): void {
    const { read, written } = encoder.encodeInto(text, this.bytes);
    if (read < text.length || written > maxKeyBytes) throw tooLong(Buffer.byteLength(text));
    this.#hashBytes(written);
  }

  #loadBytes(key: Uint8Array): void {
    const { length } = key;
    if (length > maxKeyBytes) throw tooLong(length);
    if (length > 64) {
      this.bytes.set(key);
      this.#hashBytes(length);
      return;
    }
    const { words } = this;
    let hash = seed;
    let at = 0;
    let index = 0;
    for (; index + 4 <= length; index += 4) {
      const low = (key[index] ?? 0) | ((key[index + 1] ?? 0) << 8);
      const word = low | ((key[index + 2] ?? 0) << 16) | ((key[index + 3] ?? 0) << 24);
      words[at++] = word;
      hash = mix(hash, word);
    }
    if (index < length) {
      let word = 0;
      for (let shift = 0; index < length; index++, shift += 8) word |= (key[index] ?? 0) << shift;
      words[at++] = word;
      hash = mix(hash, word);
    }
    this.#finish(hash, length, length, at);
  }

  #hashBytes(length: number): void {
    const count = (length + 3) >>> 2;
    this.bytes.fill(0, length, count << 2);
    let hash = seed;
    for (let at = 0; at < count; at++) hash = mix(hash, this.words[at] ?? 0);
    this.#finish(hash, length, length, count);
  }

  #loadInteger(key: number): void {
    if (!Number.isSafeInteger(key)) throw new StoreError("invalid_argument", `the key ${key} isn't a safe integer`);
    const low = key | 0;
    const high = Math.floor(key / 2 ** 32) | 0;
    this.words[0] = low;
    this.words[1] = high;
    this.#finish(mix(mix(~seed, low), high), 8, 8 | integerKey, 2);
  }

  #finish(hash: number, length: number, keyWord: number, wordCount: number): void {
    let mixed = hash ^ length;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    this.hash = mixed ^ (mixed >>> 16);
    this.keyWord = keyWord;
    this.wordCount = wordCount;
  }
}

/** The key that a record's words hold: an integer, or a copy of the bytes. */
export function keyOf(bytes: Uint8Array, words: Int32Array, atWord: number, keyWord: number): Uint8Array | number {
  if ((keyWord & integerKey) !== 0) return (words[atWord + 1] ?? 0) * 2 ** 32 + ((words[atWord] ?? 0) >>> 0);
  return bytes.slice(atWord * 4, atWord * 4 + (keyWord & 0xffff));
}

const encoder = new TextEncoder();

/** The body and the finish above are MurmurHash3's for 32 bits (Austin Appleby, public domain), whole words at a time. */
const seed = 0x2f0b4a91;

function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function tooLong(bytes: number): StoreError {
  return new StoreError("too_large", `a key of ${bytes} bytes is longer than the ${maxKeyBytes} that are allowed`);
}
