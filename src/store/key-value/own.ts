import type { Key } from "./key.ts";

/** A value as it is handed in; text is stored as UTF-8. */
export type Value = Uint8Array | string;

/** One step of a batch. */
export type BatchStep = { readonly put: Key; readonly value: Value } | { readonly delete: Key };

/** A step of a batch that waits, while the caller may change its bytes. `value` is `undefined` for a deletion. */
export interface OwnStep {
  readonly key: Key;
  readonly value: Uint8Array | undefined;
}

export function ownStep(step: BatchStep): OwnStep {
  if ("put" in step) return { key: ownKey(step.put), value: ownValue(step.value) };
  return { key: ownKey(step.delete), value: undefined };
}

/** Not `slice`, which of a `Buffer` gives no copy. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** The bytes of a value, maybe the caller's own. */
export function bytesOf(value: Value): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

function ownValue(value: Value): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : copyOf(value);
}

function ownKey(key: Key): Key {
  return typeof key === "object" ? copyOf(key) : key;
}

const encoder = new TextEncoder();
