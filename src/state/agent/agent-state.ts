import { randomUUID } from "node:crypto";
import { SoloError } from "../../api/error.ts";
import { pack, unpack } from "../../api/message-pack.ts";
import type { Mutation, ServiceState, StateEntry } from "../core/types.ts";

/** An operation that an agent logged before it carried it out. */
export interface AgentLogEntry {
  readonly operation: string;
  readonly params?: unknown;
  readonly sequence: number;
}

/** What an agent's processes left behind. */
export interface AgentMemory {
  readonly checkpointId: string | null;
  /** The latest checkpoint's data as MessagePack, in parts. */
  readonly snapshot: readonly Uint8Array[] | null;
  /** The entries behind it as MessagePack maps, oldest first. */
  readonly entries: readonly Uint8Array[];
  /** Of the last entry, or of the last that the checkpoint contains; 0 for none. */
  readonly sequence: number;
}

/** Says which parts are the checkpoint. Written in the same commit that removes what it makes superfluous. */
interface CheckpointHead {
  readonly id: string;
  readonly sequence: number;
  readonly parts: number;
  readonly bytes: number;
}

const headKey = "checkpoint";
const logPrefix = "log/";
const partPrefix = "part/";
/** A checkpoint is kept in parts, so that no commit of one holds up those of others. */
const partBytes = 262_144;
/** What the log may hold without a checkpoint: more would make every restart slow. */
const maxEntries = 100_000;
const maxLogBytes = 67_108_864;

/** A port agent's log and checkpoint in its service's state: what `src/supervise/port` needs of it, and nothing else. */
export class AgentState {
  readonly #open: () => Promise<ServiceState>;
  readonly #origin: string;

  /** @param open the service's state, opened at its first use */
  constructor(open: () => Promise<ServiceState>, origin: string) {
    this.#open = open;
    this.#origin = origin;
  }

  async load(): Promise<AgentMemory> {
    const state = await this.#open();
    // The state may have been set to another point meanwhile.
    logSizes.forget(state);
    const head = headOf(state);
    const entries = state.page("agent", { prefix: logPrefix });
    const last = entries.at(-1);
    return {
      checkpointId: head?.id ?? null,
      snapshot: head === undefined ? null : partsOf(state, head.id).map(({ value }) => value),
      entries: entries.map(({ value }) => value),
      sequence: Math.max(head?.sequence ?? 0, last === undefined ? 0 : sequenceOf(last)),
    };
  }

  /** Keeps entries, all or none, in the order of the calls. @throws SoloError `limit_exceeded` when the log is full */
  async append(entries: readonly AgentLogEntry[]): Promise<{ readonly position: number }> {
    const state = await this.#open();
    const mutations = entries.map(({ operation, params, sequence }): Mutation => {
      const value = pack({ operation, params: params ?? null, sequence });
      return { op: "put", space: "agent", key: logKey(sequence), value };
    });
    const bytes = mutations.reduce((sum, mutation) => sum + (mutation.op === "put" ? mutation.value.length : 0), 0);
    const log = logSizes.of(state);
    if (log.entries + entries.length > maxEntries || log.bytes + bytes > maxLogBytes) {
      throw new SoloError("limit_exceeded", `the log holds ${log.entries} entries without a checkpoint`, {
        hint: `a checkpoint makes room: ${maxEntries} entries or ${maxLogBytes} bytes are the most`,
      });
    }
    log.entries += entries.length;
    log.bytes += bytes;
    try {
      return await state.commit(() => mutations, { origin: this.#origin });
    } catch (error) {
      logSizes.forget(state);
      throw error;
    }
  }

  /**
   * Keeps a checkpoint in place of the one before and of the log up to `sequence`. A crash on the way leaves the one before,
   * and parts that the next one removes.
   */
  async saveCheckpoint(
    data: readonly Uint8Array[],
    sequence: number,
  ): Promise<{ readonly id: string; readonly bytes: number }> {
    const state = await this.#open();
    const id = randomUUID();
    let parts = 0;
    let bytes = 0;
    for (const value of cutEvenly(data)) {
      const part: Mutation = { op: "put", space: "agent", key: partKey(id, parts), value };
      await state.commit(() => [part], { origin: this.#origin, durability: "async" });
      parts += 1;
      bytes += value.length;
    }
    const head: CheckpointHead = { id, sequence, parts, bytes };
    await state.commit(
      (view) => {
        const entries = [...view.entries("agent", { prefix: logPrefix })];
        const superfluous = [
          ...entries.filter((entry) => sequenceOf(entry) <= sequence),
          ...[...view.entries("agent", { prefix: partPrefix })].filter(({ key }) => !key.startsWith(partKeys(id))),
        ];
        return [
          ...superfluous.map(({ key }): Mutation => ({ op: "delete", space: "agent", key })),
          { op: "put", space: "agent", key: headKey, value: pack(head) },
        ];
      },
      // Together with its parts, which lie before it in the log.
      { origin: this.#origin, durability: "sync" },
    );
    logSizes.forget(state);
    return { id, bytes };
  }
}

/** How much each open state's agent log holds: counted once, then kept up to date. */
class LogSizes {
  readonly #sizes = new WeakMap<ServiceState, { entries: number; bytes: number }>();

  of(state: ServiceState): { entries: number; bytes: number } {
    const known = this.#sizes.get(state);
    if (known !== undefined) return known;
    const entries = state.page("agent", { prefix: logPrefix });
    const size = { entries: entries.length, bytes: entries.reduce((sum, { value }) => sum + value.length, 0) };
    this.#sizes.set(state, size);
    return size;
  }

  forget(state: ServiceState): void {
    this.#sizes.delete(state);
  }
}

const logSizes = new LogSizes();

function headOf(state: ServiceState): CheckpointHead | undefined {
  const stored = state.get("agent", headKey);
  if (stored === undefined) return undefined;
  const head = unpack(stored.value);
  if (isHead(head)) return head;
  throw new SoloError("storage_corrupt", "the record of the agent's checkpoint is none", {
    hint: "`solo checkpoint restore` goes back to an earlier point",
  });
}

function isHead(value: unknown): value is CheckpointHead {
  return (
    typeof value === "object" &&
    value !== null &&
    "id" in value &&
    typeof value.id === "string" &&
    "sequence" in value &&
    typeof value.sequence === "number"
  );
}

function partsOf(state: ServiceState, id: string): readonly StateEntry[] {
  return state.page("agent", { prefix: partKeys(id) });
}

function partKeys(id: string): string {
  return `${partPrefix}${id}/`;
}

function partKey(id: string, index: number): string {
  return `${partKeys(id)}${String(index).padStart(6, "0")}`;
}

function logKey(sequence: number): string {
  return `${logPrefix}${String(sequence).padStart(16, "0")}`;
}

function sequenceOf({ key }: Pick<StateEntry, "key">): number {
  return Number(key.slice(logPrefix.length));
}

/** The same bytes in parts of {@link partBytes}. */
function* cutEvenly(data: readonly Uint8Array[]): Generator<Uint8Array> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for (const piece of data) {
    for (let at = 0; at < piece.length; ) {
      const taken = piece.subarray(at, at + partBytes - pendingBytes);
      at += taken.length;
      pending.push(taken);
      pendingBytes += taken.length;
      if (pendingBytes < partBytes) continue;
      yield Buffer.concat(pending);
      pending = [];
      pendingBytes = 0;
    }
  }
  if (pendingBytes > 0) yield Buffer.concat(pending);
}
