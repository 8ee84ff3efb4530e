import { type RawMessage, readText } from "../../api/frames/index.ts";
import { unpack } from "../../api/message-pack.ts";

/** A message with its fields read, but for `data`, which may be a hundred megabytes that nobody here has to understand. */
export interface Envelope {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Where `data` lies in the message; undefined when it has none. */
  readonly data: readonly [start: number, end: number] | undefined;
}

/** Longest field beside `data` that is looked at: an `evolution_intent` has its code there. */
const longestField = 1_048_576;

/** @returns why the message can't be read, in words */
export function openEnvelope(raw: RawMessage): Envelope | string {
  if (!raw.isMap) return "a message is a map";
  const fields: Record<string, unknown> = {};
  let data: Envelope["data"];
  for (let index = 0; index + 1 < raw.members.length; index += 2) {
    const [key, value] = [raw.members[index], raw.members[index + 1]];
    if (key === undefined || value === undefined) break;
    const name = readText(sliceOf(raw, key, longestKey));
    if (name === "data") data = value;
    else if (name !== undefined && name !== "__proto__") {
      const bytes = sliceOf(raw, value, longestField);
      if (bytes === undefined) return `the field ${name} is too long`;
      const read = tryUnpack(bytes);
      if (read === undefined) return `the field ${name} has keys that are neither text nor numbers`;
      fields[name] = read.value;
    }
  }
  return { fields, data };
}

/** The value at a place of the message; a text that says why it can't be read. */
export function readValue(raw: RawMessage, range: readonly [number, number]): { readonly value: unknown } | string {
  const bytes = Buffer.concat(cut(raw, range));
  return tryUnpack(bytes) ?? "data has keys that are neither text nor numbers";
}

/** The parts of a message that lie in a range, as views. */
export function cut({ parts }: Pick<RawMessage, "parts">, [start, end]: readonly [number, number]): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  for (const part of parts) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, part.length)];
    if (from < to) found.push(part.subarray(from, to));
    at += part.length;
  }
  return found;
}

function sliceOf(raw: RawMessage, range: readonly [number, number], limit: number): Uint8Array | undefined {
  if (range[1] - range[0] > limit) return undefined;
  const parts = cut(raw, range);
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}

function tryUnpack(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: unpack(bytes) };
  } catch {
    return undefined;
  }
}

const longestKey = 256;
