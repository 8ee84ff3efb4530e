import { parseDuration, parseSize } from "../api/units.ts";

/** What a value was refused for: what was expected, and what to write instead when that is plain. */
export class Refusal {
  constructor(
    readonly expected: string,
    readonly hint: string | null = null,
  ) {}
}

/** How a file's value, of any type, is read. */
export interface Reader<T> {
  fromFile(value: unknown): T | Refusal;
}

/** One kind of setting: it can be read from a text (flag, environment) as well, and be written down again. */
export interface ValueType<T> extends Reader<T> {
  fromText(text: string): T | Refusal;
  /** The value as a configuration file writes it. */
  toFile(value: T): string | number | boolean;
}

/** `expected a port from 1 to 65535, got "80a"`. */
export function refusalMessage(refusal: Refusal, value: unknown): string {
  return `expected ${refusal.expected}, got ${describe(value)}`;
}

/** A value as a reader recognises it, cut short when it is long. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (value instanceof Date) return "a date";
  if (typeof value === "object" && value !== null) return "a table";
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "nothing");
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Whole numbers within bounds. */
export function integer(what: string, min: number, max: number): ValueType<number> {
  const refusal = new Refusal(`${what} from ${min} to ${max}`);
  const check = (value: unknown) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max ? value : refusal;
  const fromText = (text: string) => check(/^\d+$/.test(text.trim()) ? Number(text) : text);
  return { fromFile: check, fromText, toFile: (value) => value };
}

/** `true` or `false`. */
export const truth: ValueType<boolean> = (() => {
  const refusal = new Refusal("true or false");
  const words = new Map([
    ["true", true],
    ["false", false],
  ]);
  return {
    fromFile: (value: unknown) => (typeof value === "boolean" ? value : refusal),
    fromText: (text: string) => words.get(text.trim()) ?? refusal,
    toFile: (value: boolean) => value,
  };
})();

/** Durations as text with a unit, in milliseconds. */
export function duration(min: number, max: number): ValueType<number> {
  return quantity({
    what: "a duration",
    example: "30s",
    units: "ms, s, m, h or d",
    parse: parseDuration,
    toFile: durationText,
    min,
    max,
  });
}

/** Sizes as text with a unit, in bytes. */
export function size(min: number, max: number): ValueType<number> {
  return quantity({
    what: "a size",
    example: "64MB",
    units: "B, KB, MB, GB or KiB, MiB, GiB",
    parse: parseSize,
    toFile: sizeText,
    min,
    max,
  });
}

/** Non-empty text, optionally of a given form. */
export function text(what: string, pattern = /[^\s]/): ValueType<string> {
  const refusal = new Refusal(what);
  const check = (value: unknown) => (typeof value === "string" && pattern.test(value) ? value : refusal);
  return textual(check);
}

/** A path, or the word that stands for none: null. */
export function optionalPath(what: string, none: string): ValueType<string | null> {
  const path = text(what);
  const orNone = (value: string | Refusal) => (value === none ? null : value);
  return {
    fromFile: (value) => orNone(path.fromFile(value)),
    fromText: (value) => orNone(path.fromText(value)),
    toFile: (value) => value ?? none,
  };
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[]): ValueType<Word> {
  const refusal = new Refusal(`one of ${words.join(", ")}`);
  const check = (value: unknown) => words.find((word) => word === value) ?? refusal;
  return textual(check);
}

/** An IPv4 or IPv6 address, without brackets or port. */
export const ipAddress: ValueType<string> = (() => {
  const refusal = new Refusal('an IP address such as "127.0.0.1" or "::1"');
  const isIpv4 = (value: string) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(value);
  const isIpv6 = (value: string) =>
    value.includes(":") && /^[0-9A-Fa-f:.]+$/.test(value) && URL.canParse(`http://[${value}]`);
  const check = (value: unknown) => (typeof value === "string" && (isIpv4(value) || isIpv6(value)) ? value : refusal);
  return textual(check);
})();

interface QuantityOptions {
  readonly what: string;
  readonly example: string;
  readonly units: string;
  readonly parse: (text: string) => number | undefined;
  readonly toFile: (amount: number) => string;
  readonly min: number;
  readonly max: number;
}

function quantity({ what, example, units, parse, toFile, min, max }: QuantityOptions): ValueType<number> {
  const check = (value: unknown) => {
    if (typeof value === "number" || (typeof value === "string" && /^\s*\d+(?:\.\d+)?\s*$/.test(value)))
      return new Refusal(`${what} with its unit (${units})`, `write "${example}"`);
    const amount = typeof value === "string" ? parse(value) : undefined;
    if (amount === undefined) return new Refusal(`${what} such as "${example}"`);
    if (amount >= min && amount <= max) return amount;
    return new Refusal(`${what} from ${toFile(min)} to ${toFile(max)}`);
  };
  return { fromFile: check, fromText: check, toFile };
}

/** A type whose values are the text itself. */
function textual<T extends string>(check: (value: unknown) => T | Refusal): ValueType<T> {
  return { fromFile: check, fromText: check, toFile: (value) => value };
}

/** A duration in the largest unit that loses nothing, in the form that a configuration file takes. */
function durationText(ms: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const;
  for (const [unit, length] of units) if (ms >= length && ms % length === 0) return `${ms / length}${unit}`;
  return `${ms}ms`;
}

/** A size in the largest decimal unit that loses nothing, in the form that a configuration file takes. */
function sizeText(bytes: number): string {
  const units = [
    ["TB", 1e12],
    ["GB", 1e9],
    ["MB", 1e6],
    ["KB", 1e3],
  ] as const;
  for (const [unit, length] of units) if (bytes >= length && bytes % length === 0) return `${bytes / length}${unit}`;
  return `${bytes}B`;
}
