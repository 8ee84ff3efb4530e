import { PayloadScanner } from "../../api/frames/index.ts";
import {
  type OperationRequest,
  type ServiceRef,
  SoloError,
  type StateChangeLine,
  type StateDeleted,
  type StateEntryLine,
  type StateImported,
  type StateValue,
  type StateWritten,
} from "../../api/index.ts";
import { pack, unpack } from "../../api/message-pack.ts";
import { fromStateJson, toStateJson } from "../../api/state-json.ts";
import {
  checkWrites,
  growthBy,
  type Mutation,
  quotaRefusal,
  type ServiceState,
  type StateChange,
  type View,
} from "../../state/index.ts";
import type { Kernel } from "../kernel.ts";
import { otherMode, stateSettings } from "../state-settings.ts";

/** What somebody does to a service's state from outside. */
const origin = "api";

export async function getState(kernel: Kernel, request: OperationRequest<"stateGet">): Promise<StateValue> {
  return shownValue(await stateOf(kernel, request), request, request.key);
}

export async function setState(kernel: Kernel, request: OperationRequest<"stateSet">): Promise<StateWritten> {
  const { tenant, name, key, value, if_version, durability } = request;
  const state = await stateOf(kernel, request);
  const bytes = pack(fromStateJson(value));
  const { position } = await state.commit(
    (view) => refusal(view, key, if_version) ?? [{ op: "put", space: "data", key, value: bytes }],
    { origin, durability },
  );
  return { service: name, tenant, key, version: position };
}

export async function deleteState(kernel: Kernel, request: OperationRequest<"stateDelete">): Promise<StateDeleted> {
  const { tenant, name, key, if_version, durability } = request;
  const state = await stateOf(kernel, request);
  let deleted = false;
  await state.commit(
    (view) => {
      deleted = view.get("data", key) !== undefined;
      return refusal(view, key, if_version) ?? (deleted ? [{ op: "delete", space: "data", key }] : []);
    },
    { origin, durability },
  );
  return { service: name, tenant, key, deleted };
}

export async function* scanState(
  kernel: Kernel,
  request: OperationRequest<"stateScan">,
): AsyncGenerator<StateEntryLine> {
  yield* shownEntries(await stateOf(kernel, request), request);
}

export async function* watchState(
  kernel: Kernel,
  request: OperationRequest<"stateWatch">,
  signal: AbortSignal,
): AsyncGenerator<StateChangeLine> {
  const state = await stateOf(kernel, request);
  if (!request.follow) return yield* shownHistory(state, request);
  const { prefix } = request;
  for await (const change of state.watch("data", { prefix, after: positionIn(state, request), signal })) {
    yield lineOf(change);
  }
}

/** The changes of an open state up to now. */
export async function* shownHistory(
  state: ServiceState,
  request: Pick<OperationRequest<"stateWatch">, "prefix" | "since_cursor">,
): AsyncGenerator<StateChangeLine> {
  const { prefix } = request;
  const after = positionIn(state, request);
  for await (const { position, time, mutations } of state.history(after)) {
    for (const mutation of mutations) {
      if (mutation.space === "data" && mutation.key.startsWith(prefix)) yield lineOf({ position, time, ...mutation });
    }
  }
}

export async function importState(kernel: Kernel, request: OperationRequest<"stateImport">): Promise<StateImported> {
  const { tenant, name, entries, dry_run, beside } = request;
  const state = await stateOf(kernel, request);
  const mutations = entries.map(
    ({ key, value }): Mutation => ({ op: "put", space: "data", key, value: pack(fromStateJson(value)) }),
  );
  const refused = checkWrites(mutations);
  if (refused !== undefined) throw refused;
  let added = growthBy(mutations, (key) => state.get("data", key));
  if (dry_run) {
    const { data_keys: keys, data_bytes: bytes } = state.stats();
    const all = { keys: beside.keys + added.keys, bytes: beside.bytes + added.bytes };
    const exceeded = quotaRefusal({ keys, bytes }, all, stateSettings(kernel.get(request).revision.spec).quota);
    if (exceeded !== undefined) throw exceeded;
    return { service: name, tenant, entries: entries.length, position: state.position, added };
  }
  const { position } = await state.commit(
    (view) => {
      added = growthBy(mutations, (key) => view.get("data", key));
      return mutations;
    },
    { origin },
  );
  return { service: name, tenant, entries: entries.length, position, added };
}

/** One key of an open state, as a document. */
export function shownValue(state: ServiceState, { tenant, name }: ServiceRef, key: string): StateValue {
  const stored = state.get("data", key);
  if (stored === undefined) {
    throw new SoloError("not_found", `${tenant}/${name} has no key ${JSON.stringify(key)}`, {
      hint: `\`solo state scan ${name}\` shows what there is`,
    });
  }
  const { value, version } = stored;
  return { service: name, tenant, key, value: jsonOf(value), version, bytes: value.length };
}

/** The entries of an open state, at one moment. */
export async function* shownEntries(
  state: ServiceState,
  { prefix, after, limit }: Pick<OperationRequest<"stateScan">, "prefix" | "after" | "limit">,
): AsyncGenerator<StateEntryLine> {
  for await (const { key, value, version } of state.scan("data", { prefix, after, limit })) {
    yield { type: "entry", key, value: jsonOf(value), version };
  }
}

async function stateOf(kernel: Kernel, ref: ServiceRef): Promise<ServiceState> {
  const service = kernel.get(ref);
  const refused = otherMode(ref.name, service.revision.spec);
  if (refused !== undefined) throw refused;
  return kernel.parts.states.open(service.ref);
}

function positionIn(
  { position }: ServiceState,
  { since_cursor }: Pick<OperationRequest<"stateWatch">, "since_cursor">,
): number {
  return since_cursor === undefined ? position : Number(since_cursor);
}

function refusal(view: View, key: string, expected: number | undefined): SoloError | undefined {
  if (expected === undefined) return undefined;
  const version = view.get("data", key)?.version ?? 0;
  if (version === expected) return undefined;
  return new SoloError("conflict", `${JSON.stringify(key)} has version ${version}, not ${expected}`, {
    hint: "read it again, and decide anew",
    details: { key, expected, found: version },
  });
}

function lineOf({
  position,
  time,
  op,
  key,
  value,
}: StateChange | (Mutation & { position: number; time: number; value?: Uint8Array })): StateChangeLine {
  return {
    type: "change",
    time: new Date(time).toISOString(),
    op,
    key,
    value: value === undefined ? null : jsonOf(value),
    position,
    cursor: String(position),
  };
}

/** A service wrote it, and a service may be anything: what is no MessagePack is shown as bytes. */
function jsonOf(value: Uint8Array): unknown {
  const scanner = new PayloadScanner();
  if ((scanner.push(value) ?? scanner.end()) !== undefined) return toStateJson(value);
  try {
    return toStateJson(unpack(value.slice()));
  } catch {
    return toStateJson(value);
  }
}
