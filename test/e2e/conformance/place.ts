import type { SoloApi } from "../../../src/api/index.ts";
import { SoloError } from "../../../src/api/index.ts";

/** Where one transport's calls happen: a tenant of its own on the kernel that all share. */
export interface Place {
  readonly tenant: string;
  /** Writes a file on the kernel's machine; answers its absolute path. */
  readonly write: (name: string, content: string) => string;
  /** What an earlier call answered and a later one needs, such as an id. */
  readonly kept: Map<string, string>;
}

export type Call = (api: SoloApi, place: Place) => Promise<unknown>;
export type Case = readonly [what: string, call: Call];

export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(stream);
}

/** The first element of a stream that goes on; it is left then. */
export async function firstOf<T>(open: (signal: AbortSignal) => AsyncIterable<T>): Promise<T | undefined> {
  const leave = new AbortController();
  let first: T | undefined;
  for await (const element of open(leave.signal)) {
    first ??= element;
    leave.abort();
  }
  return first;
}

/** What a call answers, or the document of its refusal. */
export async function outcomeOf(call: Call, api: SoloApi, place: Place): Promise<unknown> {
  try {
    return await call(api, place);
  } catch (thrown) {
    if (thrown instanceof SoloError) return thrown.toDocument();
    throw thrown;
  }
}

/** Without what differs from one service and caller to the next: ids, ports, times, sizes, digests, the tenant and who asks. */
export function normalized(value: unknown, tenant: string, key = ""): unknown {
  if (ofTheCaller.has(key) || ofTheMoment.has(key)) return key;
  if (typeof value === "number")
    return /(^|_)(pid|port|ms|bytes|percent|id|cause|begin|connect|listen|calls)$/.test(key) ? key : value;
  if (typeof value === "string") return plain(value, tenant);
  if (Array.isArray(value)) return value.map((item) => normalized(item, tenant, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, normalized(item, tenant, name)]));
}

/** In-process and over the socket it is the owner, over TLS a capability. */
const ofTheCaller = new Set(["actor", "capability", "request_id", "parent", "by", "chain"]);
const ofTheMoment = new Set([
  ...["time", "started", "checked", "cursor", "created", "updated", "expires", "since", "until", "history"],
  ...["hash", "sha256", "token", "head", "sequence", "previous"],
]);

function plain(text: string, tenant: string): string {
  return text
    .replaceAll(tenant, "<tenant>")
    .replaceAll(tenant.toLowerCase(), "<tenant>")
    .replaceAll(/\d{8}-\d{6}-[0-9a-z]{6}/g, "<checkpoint>")
    .replaceAll(/\b([a-z]+)-[0-9a-f]{6,}\b/g, "$1-<id>")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/\d+(\.\d+)? [kMG]?B/g, "<size>");
}
