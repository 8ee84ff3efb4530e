import { SoloError } from "../../api/error.ts";
import type { StateEntry } from "../sdk/service.ts";
import { decodeValue } from "./value.ts";

interface Types {
  readonly number: number;
  readonly boolean: boolean;
}

/** What a kernel answered, if it is of that type. */
export function memberOf<Type extends keyof Types>(output: unknown, type: Type): Types[Type];
export function memberOf(output: unknown, type: keyof Types): unknown {
  if (typeof output === type) return output;
  throw new SoloError("internal", `the kernel answered ${typeof output} where a ${type} was due`);
}

/** Entries as a page holds them: `[key, value, version]` each. The type of the values is the caller's to know. */
export function entriesOf<Value>(page: unknown): StateEntry<Value>[];
export function entriesOf(page: unknown): StateEntry<unknown>[] {
  if (!Array.isArray(page)) throw new SoloError("internal", "the kernel answered no list of entries");
  return page.map(([key, value, version]: unknown[]) => ({
    key: String(key),
    value: decodeValue(value),
    version: memberOf(version, "number"),
  }));
}
