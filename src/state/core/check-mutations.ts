import { SoloError } from "../../api/error.ts";
import { maxStateKeyBytes } from "../../api/state-channel.ts";
import type { Table } from "./table.ts";
import type { Mutation, StateQuota } from "./types.ts";

/** Longest key, in bytes of UTF-8. */
export const maxKeyBytes = maxStateKeyBytes;
/** Longest value, in bytes: it must fit into a page of the table's store. */
export const maxValueBytes = 3 * 2 ** 20;

/** @returns why an entry with these mutations can't be */
export function checkMutations(mutations: readonly Mutation[], table: Table, quota: StateQuota): SoloError | undefined {
  const refused = checkWrites(mutations);
  if (refused !== undefined || (quota.max_bytes === undefined && quota.max_keys === undefined)) return refused;
  return checkQuota(mutations, table, quota);
}

/** @returns why these could never be written, whatever the state holds */
export function checkWrites(mutations: readonly Mutation[]): SoloError | undefined {
  for (const mutation of mutations) {
    const { key } = mutation;
    if (!key.isWellFormed()) {
      return new SoloError("invalid_request", `the key ${JSON.stringify(key)} has a lone surrogate: it is no text`);
    }
    if (key.length * 3 > maxKeyBytes && Buffer.byteLength(key) > maxKeyBytes) {
      const bytes = Buffer.byteLength(key);
      return new SoloError("limit_exceeded", `a key of ${bytes} bytes is longer than the ${maxKeyBytes} allowed`);
    }
    if (mutation.op === "put" && mutation.value.length > maxValueBytes) {
      const found = `the value of ${JSON.stringify(key)} has ${mutation.value.length} bytes`;
      return new SoloError("limit_exceeded", `${found}, and one may have ${maxValueBytes}`, {
        hint: "keep it in several keys, or in a file of the service's own (mode `external`)",
      });
    }
  }
  return undefined;
}

/** What would take no more room than before is never refused. */
function checkQuota(mutations: readonly Mutation[], table: Table, quota: StateQuota): SoloError | undefined {
  const sizes = new Map<string, number | undefined>();
  let bytes = 0;
  let keys = 0;
  for (const mutation of mutations) {
    if (mutation.space !== "data") continue;
    const { key } = mutation;
    const before = sizes.has(key) ? sizes.get(key) : table.get("data", key)?.value.length;
    const after = mutation.op === "put" ? mutation.value.length : undefined;
    bytes += (after ?? 0) - (before ?? 0);
    const came = Number(after !== undefined) - Number(before !== undefined);
    keys += came;
    bytes += came * Buffer.byteLength(key);
    sizes.set(key, after);
  }
  const { max_bytes, max_keys } = quota;
  if (bytes > 0 && max_bytes !== undefined && table.bytesOf("data") + bytes > max_bytes) {
    const would = table.bytesOf("data") + bytes;
    return exceeded("max_bytes", `the state would hold ${would} bytes, and its quota is ${max_bytes}`, max_bytes);
  }
  if (keys > 0 && max_keys !== undefined && table.keysOf("data") + keys > max_keys) {
    const would = table.keysOf("data") + keys;
    return exceeded("max_keys", `the state would hold ${would} keys, and its quota is ${max_keys}`, max_keys);
  }
  return undefined;
}

function exceeded(limit: string, message: string, value: number): SoloError {
  return new SoloError("limit_exceeded", message, {
    hint: `delete what is not needed, or raise \`state.${limit}\` in solo.toml and deploy again`,
    details: { limit, value },
  });
}
