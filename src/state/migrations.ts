import { SoloError } from "../api/error.ts";
import type { ServiceRef } from "../api/index.ts";
import { pack, unpack } from "../api/message-pack.ts";
import type { StateHandler, StateRequest } from "./channel/request.ts";
import type { Mutation, ServiceState } from "./core/types.ts";

/** In the space `meta`: which version the form of a service's data has, and which instance is changing it. */
const versionKey = "version";
const migratingKey = "migrating";

/** Of data that was written before anybody said a version. */
const firstVersion = 1;

export interface MigrationParts {
  /** The version in the specification that an instance runs. */
  readonly declared: (ref: ServiceRef, instance: string) => number;
  /** Whether the process of an instance runs. */
  readonly isAlive: (ref: ServiceRef, instance: string) => boolean;
}

/**
 * Lets one instance of a service bring its data to the version that its revision declares, while the others wait, whatever
 * becomes of the kernel meanwhile. What was begun by an instance that ended is begun again by the next one.
 */
export function migrationHandlers({ declared, isAlive }: MigrationParts): Readonly<Record<string, StateHandler>> {
  const begin = async ({ state, ref, instance }: StateRequest): Promise<unknown[]> => {
    const wanted = declared(ref, instance);
    const found = numberAt(state, versionKey) ?? firstVersion;
    if (found >= wanted) return ["done"];
    const holder = textAt(state, migratingKey);
    if (holder !== undefined && holder !== instance && isAlive(ref, holder)) return ["wait"];
    const isEmpty = state.stats().data_keys === 0;
    await note(state, instance, isEmpty ? finished(wanted) : [put(migratingKey, instance)]);
    return isEmpty ? ["done"] : ["run", found, wanted];
  };
  const end = async ({ state, instance }: StateRequest, input: unknown): Promise<null> => {
    const [version]: unknown[] = Array.isArray(input) ? input : [];
    if (typeof version !== "number" || !Number.isSafeInteger(version) || version < firstVersion) {
      throw new SoloError("invalid_request", "migration.end: a version is a whole number from 1");
    }
    // An end that is repeated finds its work done.
    if ((numberAt(state, versionKey) ?? firstVersion) >= version) return null;
    if (textAt(state, migratingKey) !== instance) {
      throw new SoloError("conflict", "another instance migrates the state: this one was thought to have ended");
    }
    await note(state, instance, finished(version));
    return null;
  };
  return {
    /** `[]` → `["done"]`, `["wait"]`: ask again soon, or `["run", version of the data, version declared]`. */
    "migration.begin": begin,
    /** `[version]` → nothing. */
    "migration.end": end,
  };
}

function finished(version: number): Mutation[] {
  return [put(versionKey, version), { op: "delete", space: "meta", key: migratingKey }];
}

function put(key: string, value: string | number): Mutation {
  return { op: "put", space: "meta", key, value: pack(value) };
}

async function note(state: ServiceState, origin: string, mutations: readonly Mutation[]): Promise<void> {
  await state.commit(() => mutations, { origin, durability: "sync" });
}

function numberAt(state: ServiceState, key: string): number | undefined {
  const found = valueAt(state, key);
  return typeof found === "number" ? found : undefined;
}

function textAt(state: ServiceState, key: string): string | undefined {
  const found = valueAt(state, key);
  return typeof found === "string" ? found : undefined;
}

function valueAt(state: ServiceState, key: string): unknown {
  const stored = state.get("meta", key);
  return stored && unpack(stored.value);
}
