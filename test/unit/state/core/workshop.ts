import { join } from "node:path";
import { type Mutation, type OpenStateOptions, openState, type ServiceState } from "../../../../src/state/index.ts";
import { systemClock } from "../../../../src/system/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = temporaryFolder();
let count = 0;

/** A folder for a state of its own. */
export function stateFolder(): string {
  return join(root, String(++count));
}

export function open(folder: string, options: Partial<OpenStateOptions> = {}): Promise<ServiceState> {
  return openState(folder, { clock: systemClock, flush_ms: 600_000, ...options });
}

export const bytes = (text: string) => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

export function put(key: string, value: string): Mutation {
  return { op: "put", space: "data", key, value: bytes(value) };
}

export function remove(key: string): Mutation {
  return { op: "delete", space: "data", key };
}

/** Commits one entry of these mutations. */
export function write(state: ServiceState, ...mutations: Mutation[]) {
  return state.commit(() => mutations, { origin: "test" });
}

/** Everything in `data`. */
export function contents(state: ServiceState): Record<string, string> {
  return Object.fromEntries(state.page("data").map(({ key, value }) => [key, text(value) ?? ""]));
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
