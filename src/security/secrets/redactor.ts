import { formsOf, shortestRedacted } from "./patterns.ts";
import { endBeforeToken, tokenPrefixBytes, tokensIn } from "./tokens.ts";

export interface Redacted {
  /** What may be shown. The input itself when it has nothing to hide. */
  readonly clean: Buffer;
  /** Bytes at the input's end that are not in `clean`, since they may be the beginning of a secret. */
  readonly held: number;
  /** Whether anything was replaced. */
  readonly found: boolean;
}

interface Pattern {
  readonly bytes: Buffer;
  /** The least distance at which it can stand twice, overlapping itself. */
  readonly period: number;
  readonly mark: Buffer;
}

interface Match {
  start: number;
  end: number;
  readonly mark: Buffer;
}

/** So many patterns are looked for at most: 10 ms of the kernel's time for each 128 KiB of output. */
const mostPatterns = 1_500;
/** Longer than this nothing is held, however secrets overlap. */
const mostHeld = 32_768;

/** Replaces the values of secrets, in all their forms, by their names; and the tokens of capabilities, whoever has them. */
export class Redactor {
  readonly #patterns: Pattern[];
  readonly #longest: number;

  constructor(secrets: Iterable<readonly [name: string, value: Uint8Array]>) {
    const found = [...secrets].map(([name, value]) => ({ mark: Buffer.from(`[secret ${name}]`), ...formsOf(value) }));
    // Those that came last are the ones most in use.
    const ordered = [
      ...found.toReversed().flatMap(({ plain, mark }) => plain.map((bytes) => ({ bytes, mark }))),
      ...found.toReversed().flatMap(({ encoded, mark }) => encoded.map((bytes) => ({ bytes, mark }))),
    ];
    this.#patterns = ordered.slice(0, mostPatterns).map((one) => ({ ...one, period: periodOf(one.bytes) }));
    this.#longest = Math.max(0, ...this.#patterns.map(({ bytes }) => bytes.length));
  }

  /**
   * Redacts a piece of a stream. Give what was held back again, before what follows it.
   * @param isLast nothing follows: nothing is held, and what looks like the beginning of a secret goes too
   */
  redact(input: Buffer, isLast = false): Redacted {
    const matches = merged(this.#matches(input));
    const beforeToken = endBeforeToken(input);
    let end = this.#endOfClean(input);
    if (isLast) {
      if (input.length - end >= shortestRedacted) matches.push({ start: end, end: input.length, mark: cutOff });
      if (input.length - beforeToken > tokenPrefixBytes)
        matches.push({ start: beforeToken, end: input.length, mark: token });
      return { clean: replaced(input, input.length, merged(matches)), held: 0, found: matches.length > 0 };
    }
    end = Math.min(end, beforeToken);
    for (const match of matches.toReversed()) if (match.start < end && match.end > end) end = match.start;
    if (input.length - end > mostHeld) end = input.length;
    const certain = matches.filter((match) => match.end <= end);
    return { clean: replaced(input, end, certain), held: input.length - end, found: certain.length > 0 };
  }

  /** Redacts a text that is whole. */
  text(text: string): string {
    const input = Buffer.from(text);
    const matches = merged(this.#matches(input));
    return matches.length === 0 ? text : replaced(input, input.length, matches).toString();
  }

  #matches(input: Buffer): Match[] {
    const matches: Match[] = [];
    for (const { bytes, period, mark } of this.#patterns) {
      let last: Match | undefined;
      for (let at = input.indexOf(bytes); at >= 0; at = input.indexOf(bytes, at + period)) {
        const end = at + bytes.length;
        if (last !== undefined && at <= last.end) last.end = end;
        else matches.push((last = { start: at, end, mark }));
      }
    }
    for (const found of tokensIn(input)) matches.push({ ...found, mark: token });
    return matches;
  }

  /** Where the longest end of the input begins with which a secret begins; its length when there is none. */
  #endOfClean(input: Buffer): number {
    let end = input.length;
    const window = Math.max(0, input.length - this.#longest + 1);
    for (const { bytes } of this.#patterns) {
      const first = bytes[0] ?? 0;
      const from = Math.max(window, input.length - bytes.length + 1);
      for (let at = input.indexOf(first, from); at >= 0 && at < end; at = input.indexOf(first, at + 1)) {
        if (input.compare(bytes, 0, input.length - at, at) === 0) end = at;
      }
    }
    return end;
  }
}

/** By the failure function of Knuth, Morris and Pratt. */
function periodOf(bytes: Buffer): number {
  const borders = new Uint32Array(bytes.length);
  for (let at = 1, border = 0; at < bytes.length; at++) {
    while (border > 0 && bytes[at] !== bytes[border]) border = borders[border - 1] ?? 0;
    if (bytes[at] === bytes[border]) border += 1;
    borders[at] = border;
  }
  return bytes.length - (borders[bytes.length - 1] ?? 0);
}

const cutOff = Buffer.from("[secret]");
const token = Buffer.from("[token]");

/** In order, without overlaps. */
function merged(matches: Match[]): Match[] {
  const result: Match[] = [];
  for (const match of matches.toSorted((one, other) => one.start - other.start || other.end - one.end)) {
    const last = result.at(-1);
    if (last === undefined || match.start >= last.end) result.push({ ...match });
    else last.end = Math.max(last.end, match.end);
  }
  return result;
}

function replaced(input: Buffer, end: number, matches: readonly Match[]): Buffer {
  if (matches.length === 0) return input.subarray(0, end);
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of matches) {
    parts.push(input.subarray(from, match.start), match.mark);
    from = match.end;
  }
  parts.push(input.subarray(from, end));
  return Buffer.concat(parts);
}
