import { SoloError } from "../../api/error.ts";
import { maxStateKeyBytes } from "../../api/state-channel.ts";
import type { Table } from "./table.ts";
import type { Mutation, StateQuota, Stored } from "./types.ts";

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

/** Room that keys of `data` take, with their values. */
export interface Room {
  readonly keys: number;
  readonly bytes: number;
}

/** By how much mutations would change the room taken. */
export function growthBy(mutations: readonly Mutation[], present: (key: string) => Stored | undefined): Room {
  const sizes = new Map<string, number | undefined>();
  let bytes = 0;
  let keys = 0;
  for (const mutation of mutations) {
    if (mutation.space !== "data") continue;
    const { key } = mutation;
    const before = sizes.has(key) ? sizes.get(key) : present(key)?.value.length;
    const after = mutation.op === "put" ? mutation.value.length : undefined;
    bytes += (after ?? 0) - (before ?? 0);
    const came = Number(after !== undefined) - Number(before !== undefined);
    keys += came;
    bytes += came * Buffer.byteLength(key);
    sizes.set(key, after);
  }
  return { keys, bytes };
}

/** Why something that takes so much more room can't be; what takes no more than before is never refused. */
export function quotaRefusal(taken: Room, growth: Room, { max_bytes, max_keys }: StateQuota): SoloError | undefined {
  if (growth.bytes > 0 && max_bytes !== undefined && taken.bytes + growth.bytes > max_bytes) {
    const would = taken.bytes + growth.bytes;
    return exceeded("max_bytes", `the state would hold ${would} bytes, and its quota is ${max_bytes}`, max_bytes);
  }
  if (growth.keys > 0 && max_keys !== undefined && taken.keys + growth.keys > max_keys) {
    const would = taken.keys + growth.keys;
    return exceeded("max_keys", `the state would hold ${would} keys, and its quota is ${max_keys}`, max_keys);
  }
  return undefined;
}

function checkQuota(mutations: readonly Mutation[], table: Table, quota: StateQuota): SoloError | undefined {
  const taken = { keys: table.keysOf("data"), bytes: table.bytesOf("data") };
  return quotaRefusal(
    taken,
    growthBy(mutations, (key) => table.get("data", key)),
    quota,
  );
}

function exceeded(limit: string, message: string, value: number): SoloError {
  return new SoloError("limit_exceeded", message, {
    hint: `delete what is not needed, or raise \`state.${limit}\` in solo.toml and deploy again`,
    details: { limit, value },
  });
}
