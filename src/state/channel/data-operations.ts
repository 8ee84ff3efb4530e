import { SoloError } from "../../api/error.ts";
import { PayloadScanner } from "../../api/frames/index.ts";
import { pack, unpack } from "../../api/message-pack.ts";
import type { Mutation, StateDurability, View } from "../core/types.ts";
import { InputReader } from "./check-input.ts";
import { applyOnce, type StateHandler, type StateRequest } from "./request.ts";

/** What one page of a scan holds at most. */
const pageEntries = 1_000;
const pageBytes = 2 ** 20;

/** The operations of `ctx.state`. Values are the host's business: bytes here, except for `increment`. */
export const dataOperations: Readonly<Record<string, StateHandler>> = {
  /** `[key]` → `[value, version]`, or nil. */
  get: ({ state }, input) => {
    const stored = state.get("data", new InputReader("get", input).text());
    return stored === undefined ? null : [stored.value, stored.version];
  },

  /** `[key, value, durability, version expected]` → version. */
  set: (request, input) => {
    const read = new InputReader("set", input);
    const [key, value, durability, expected] = [read.text(), read.bytes(), read.durability(), read.optionalCount()];
    return writeOne(request, { op: "put", space: "data", key, value }, durability, expected);
  },

  /** `[key, durability, version expected]` → whether there was one. */
  delete: (request, input) => {
    const read = new InputReader("delete", input);
    const [key, durability, expected] = [read.text(), read.durability(), read.optionalCount()];
    return applyOnce(
      request,
      (view) => {
        const stored = view.get("data", key);
        const refused = expected === undefined ? undefined : checkVersion(view, key, expected);
        if (refused !== undefined) return refused;
        return {
          mutations: stored === undefined ? [] : [{ op: "delete", space: "data", key }],
          output: stored !== undefined,
        };
      },
      durability,
    );
  },

  /** `[key, by, durability]` → the new number. */
  increment: (request, input) => {
    const read = new InputReader("increment", input);
    const [key, by, durability] = [read.text(), read.number(), read.durability()];
    return applyOnce(
      request,
      (view) => {
        const sum = added(key, view.get("data", key)?.value, by);
        if (sum instanceof SoloError) return sum;
        return { mutations: [{ op: "put", space: "data", key, value: pack(sum) }], output: sum };
      },
      durability,
    );
  },

  /** `[[[key, version read], …], [[key, value or nil], …], durability]` → version. A version of 0 means: there was none. */
  commit: (request, input) => {
    const read = new InputReader("commit", input);
    const reads = read.list().map((one) => ({ key: one.text(), version: one.optionalCount() ?? 0 }));
    const mutations = read.list().map((one): Mutation => {
      const [key, value] = [one.text(), one.optionalBytes()];
      return value === undefined ? { op: "delete", space: "data", key } : { op: "put", space: "data", key, value };
    });
    return applyOnce(
      request,
      (view) => {
        for (const { key, version } of reads) {
          const refused = checkVersion(view, key, version);
          if (refused !== undefined) return refused;
        }
        return { mutations, output: mutations.length === 0 ? view.position : view.next };
      },
      read.durability(),
    );
  },

  /** `[prefix, after, limit]` → `[[[key, value, version], …], whether there is more]`. */
  scan: ({ state }, input) => {
    const read = new InputReader("scan", input);
    const [prefix, after, limit] = [read.text(), read.optionalText(), read.optionalCount() ?? pageEntries];
    const page: (readonly [string, Uint8Array, number])[] = [];
    let bytes = 0;
    for (const { key, value, version } of state.page("data", {
      prefix,
      after,
      limit: Math.min(limit, pageEntries) + 1,
    })) {
      if (page.length === pageEntries || page.length === limit || bytes > pageBytes) return [page, page.length < limit];
      page.push([key, value, version]);
      bytes += key.length + value.length;
    }
    return [page, false];
  },

  /** `[]` → the position of the last entry. */
  position: ({ state }) => state.position,
};

function writeOne(
  request: StateRequest,
  mutation: Mutation,
  durability: StateDurability | undefined,
  expected: number | undefined,
): Promise<unknown> {
  return applyOnce(
    request,
    (view) => {
      const refused = expected === undefined ? undefined : checkVersion(view, mutation.key, expected);
      return refused ?? { mutations: [mutation], output: view.next };
    },
    durability,
  );
}

function checkVersion(view: View, key: string, expected: number): SoloError | undefined {
  const version = view.get("data", key)?.version ?? 0;
  if (version === expected) return undefined;
  return new SoloError(
    "conflict",
    `${JSON.stringify(key)} changed meanwhile: expected version ${expected}, found ${version}`,
    {
      details: { key, expected, found: version },
    },
  );
}

function added(key: string, value: Uint8Array | undefined, by: number): number | SoloError {
  const before = value === undefined ? 0 : numberIn(value);
  if (before === undefined) return new SoloError("invalid_request", `${JSON.stringify(key)} holds no number to add to`);
  const sum = before + by;
  if (Number.isFinite(sum) && !(Number.isInteger(before) && Number.isInteger(by) && !Number.isSafeInteger(sum)))
    return sum;
  return new SoloError("invalid_request", `${JSON.stringify(key)} would be ${sum}, which no number holds exactly`);
}

/** A host wrote it, and a host may be anything. */
function numberIn(value: Uint8Array): number | undefined {
  const scanner = new PayloadScanner();
  if ((scanner.push(value) ?? scanner.end()) !== undefined) return undefined;
  // A copy: the decoder leaves a view with what it reads, and the table's values are many.
  const found = unpack(value.slice());
  return typeof found === "number" ? found : undefined;
}
