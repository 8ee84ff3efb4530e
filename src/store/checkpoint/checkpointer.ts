import { join } from "node:path";
import { StoreError } from "../error.ts";
import { bulkWrite } from "../file/index.ts";
import { headerWords, kindFiller, kindMask, previousHigh, sizeWord, versionWord } from "../hybrid-log/layout.ts";
import type { Engine } from "../key-value/engine.ts";
import {
  type Checkpoint,
  type CheckpointKind,
  checkpointFolder,
  listIds,
  removeCheckpoint,
  tokenOf,
  writeCheckpoint,
} from "./catalog.ts";
import { ChunkWriter } from "./chunk-file.ts";
import { writeExtent } from "./extents.ts";
import { writeIndex } from "./index-file.ts";
import { forgetBefore, removeExpired } from "./retention.ts";

/** The phases of a checkpoint, in their order (CPR, Prasaad et al., SIGMOD 2019). */
export type Phase =
  | "rest"
  | "prep-index-checkpoint"
  | "index-checkpoint"
  | "prepare"
  | "in-progress"
  | "wait-flush"
  | "persistence-callback";

export interface CheckpointOptions {
  /** `full`: index and log · `log`: without the index, which recovery rebuilds · `index`. `full` by default. */
  readonly parts?: "full" | "log" | "index";
  /**
   * `fold-over` (the default) brings the log itself to disk, after which values can't be changed in place any more.
   * `snapshot` copies the part that can, `delta` only what of it has changed since the last snapshot or delta.
   */
  readonly method?: "fold-over" | "snapshot" | "delta";
}

type Parts = NonNullable<CheckpointOptions["parts"]>;
type Method = NonNullable<CheckpointOptions["method"]>;

/** Buckets of a growing index moved in one turn of the event loop before it is copied. */
const growthPerTurn = 4_096;

/**
 * Takes checkpoints while everybody goes on. The version shift is an instant between two operations: what came before is in
 * the checkpoint, of every session up to the same serial, and what comes after is not. From the shift until a snapshot is
 * written, older records are copied on write instead of changed, so no later value can get into it.
 */
export class Checkpointer {
  phase: Phase = "rest";
  checkpoints: Checkpoint[];
  readonly #engine: Engine;
  readonly #clock: () => number;

  constructor(engine: Engine, checkpoints: Checkpoint[], clock: () => number) {
    this.#engine = engine;
    this.checkpoints = checkpoints;
    this.#clock = clock;
  }

  async take({ parts = "full", method = "fold-over" }: CheckpointOptions = {}): Promise<Checkpoint> {
    this.#engine.check();
    if (this.phase !== "rest") throw new StoreError("busy", "a checkpoint is already being taken");
    this.phase = parts === "log" ? "prepare" : "prep-index-checkpoint";
    const id = this.#nextId();
    try {
      const checkpoint = await bulkWrite(() => this.#takeOrRemove(id, parts, method));
      this.checkpoints.push(checkpoint);
      await this.#removeExpired();
      return checkpoint;
    } finally {
      this.phase = "rest";
    }
  }

  async #takeOrRemove(id: string, parts: Parts, method: Method): Promise<Checkpoint> {
    try {
      return await this.#take(id, parts, method);
    } catch (error) {
      await removeCheckpoint(this.#engine.files, this.#engine.folder, id).catch(() => {});
      throw StoreError.fromFile(`taking checkpoint ${id}`, error);
    }
  }

  async #take(id: string, parts: Parts, method: Method): Promise<Checkpoint> {
    const engine = this.#engine;
    const folder = checkpointFolder(engine.folder, id);
    engine.files.makeFolder(folder);
    await engine.files.syncFolder(checkpointFolder(engine.folder));
    const index =
      parts === "log"
        ? noIndex
        : await this.#index(id, join(folder, "index"), parts === "index" || method === "fold-over");
    this.phase = "prepare";
    const log =
      parts === "index"
        ? this.#noLog()
        : method === "fold-over"
          ? await this.#foldOver()
          : await this.#copy(id, folder, method);
    this.phase = "persistence-callback";
    // The names of the other files must be durable before there is metadata that relies on them.
    await engine.files.syncFolder(folder);
    const checkpoint: Checkpoint = {
      id,
      created: this.#clock(),
      buckets: engine.index.buckets,
      begin: engine.memory.begin,
      ...index,
      ...log,
      bytes: index.bytes + log.bytes,
    };
    await writeCheckpoint(engine.files, engine.folder, checkpoint);
    if (parts !== "index") {
      for (const [name, serial] of log.sessions) {
        engine.durableSerials.set(name, Math.max(serial, engine.durableSerials.get(name) ?? 0));
      }
    }
    return checkpoint;
  }

  async #index(id: string, path: string, afterCommit: boolean) {
    const { index, memory, flusher, files, records, durableSerials } = this.#engine;
    while (index.growing) {
      index.grow(growthPerTurn);
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    index.held++;
    const writer = new ChunkWriter(files, path, tokenOf(id));
    try {
      if (afterCommit || memory.head > flusher.committed || flusher.committed !== flusher.sealedEnd)
        await flusher.commit();
      const indexStart = flusher.committed;
      const indexGeneration = flusher.generation;
      const indexSessions = new Map(durableSerials);
      memory.pinned = indexStart;
      this.phase = "index-checkpoint";
      await writeIndex(writer, index, memory, indexStart);
      const indexChunks = await writer.finish();
      return {
        indexChunks,
        indexStart,
        indexGeneration,
        indexSessions,
        indexVersion: records.version,
        bytes: writer.bytes,
      };
    } finally {
      writer.abandon();
      index.held--;
      memory.pinned = Number.POSITIVE_INFINITY;
      this.#engine.unpinned();
    }
  }

  #noLog() {
    const { flusher, records, durableSerials, memory } = this.#engine;
    return {
      kind: "index" as CheckpointKind,
      version: records.version,
      generation: flusher.generation,
      committed: flusher.committed,
      flushed: flusher.committed,
      final: Math.min(flusher.committed, memory.tail),
      sessions: new Map(durableSerials),
      logChunks: 0,
      base: undefined,
      bytes: 0,
    };
  }

  /** The version shifts when the commit is sealed. */
  async #foldOver() {
    const engine = this.#engine;
    const { version } = engine.records;
    this.phase = "in-progress";
    engine.onSeal = () => {
      engine.records.version++;
      this.phase = "wait-flush";
    };
    await engine.flusher.commit();
    // Nothing had changed, so nothing was sealed.
    engine.onSeal?.();
    engine.onSeal = undefined;
    const end = engine.flusher.committed;
    return {
      kind: "fold-over" as CheckpointKind,
      version,
      generation: engine.flusher.generation,
      committed: end,
      flushed: end,
      final: end,
      sessions: new Map(engine.durableSerials),
      logChunks: 0,
      base: undefined,
      bytes: 0,
    };
  }

  async #copy(id: string, folder: string, method: "snapshot" | "delta") {
    const engine = this.#engine;
    const { memory, flusher, records } = engine;
    const base = method === "delta" ? this.#base() : undefined;
    const writer = new ChunkWriter(engine.files, join(folder, "log"), tokenOf(id));
    // From here to the next await is one instant: the version shift.
    this.phase = "in-progress";
    const version = records.version++;
    const generation = ++flusher.generation;
    const state = {
      version,
      generation,
      committed: flusher.committed,
      flushed: memory.safeReadOnly,
      final: memory.tail,
    };
    const sessions = engine.allSerials();
    memory.inPlaceFrom = state.final;
    memory.pinned = state.flushed;
    this.phase = "wait-flush";
    try {
      await this.#copyPages(writer, state.flushed, state.final, base?.version);
      const logChunks = await writer.finish();
      const kind: CheckpointKind = base === undefined ? "snapshot" : "delta";
      return { ...state, kind, sessions, logChunks, base: base?.id, bytes: writer.bytes };
    } finally {
      writer.abandon();
      memory.inPlaceFrom = memory.readOnly;
      memory.pinned = Number.POSITIVE_INFINITY;
      engine.unpinned();
    }
  }

  async #copyPages(writer: ChunkWriter, from: number, to: number, since: number | undefined): Promise<void> {
    const { memory } = this.#engine;
    const { pageUnits, dataUnits } = memory.geometry;
    for (let address = from; address < to; ) {
      const start = memory.pageOf(address) * pageUnits;
      const end = Math.min(to, start + dataUnits);
      const parts = since === undefined ? [[address, end] as const] : this.#changed(address, end, since);
      for (const [first, behind] of parts) await writeExtent(writer, memory, first, behind);
      address = Math.min(to, start + pageUnits);
      memory.pinned = address;
    }
  }

  /** The stretches of records of one page that were written after version `since`. */
  #changed(from: number, to: number, since: number): (readonly [number, number])[] {
    const { memory } = this.#engine;
    const parts: (readonly [number, number])[] = [];
    let first = -1;
    for (let address = from; address < to; ) {
      const at = memory.at(address);
      const size = (to - address) * 2 < headerWords ? to - address : (memory.words[at + sizeWord] ?? 0);
      // A filler has no version, and without it nobody would find the way to the next page.
      const isFiller = ((memory.words[at + previousHigh] ?? 0) & kindMask) === kindFiller;
      const isWhole = (to - address) * 2 >= headerWords;
      const isChanged = isWhole && (isFiller || (memory.words[at + versionWord] ?? 0) > since);
      if (isChanged && first < 0) first = address;
      if (!isChanged && first >= 0) {
        parts.push([first, address]);
        first = -1;
      }
      address += size;
    }
    if (first >= 0) parts.push([first, to]);
    return parts;
  }

  /** What a delta can build on: the newest state, if it is a copy. */
  #base(): Checkpoint | undefined {
    const last = this.checkpoints.findLast(({ kind }) => kind !== "index");
    return last?.kind === "snapshot" || last?.kind === "delta" ? last : undefined;
  }

  /** See {@link forgetBefore}. */
  async forgetBefore(begin: number): Promise<void> {
    const { folder, files } = this.#engine;
    this.checkpoints = await forgetBefore(files, folder, this.checkpoints, begin);
  }

  async #removeExpired(): Promise<void> {
    const { folder, files, settings } = this.#engine;
    this.checkpoints = await removeExpired(files, folder, this.checkpoints, settings.keepCheckpoints);
  }

  /** A number in order, and a random one: an identifier, and with it the path of a file, is never used twice. */
  #nextId(): string {
    const last = listIds(this.#engine.files, this.#engine.folder).at(-1) ?? "0";
    const token = this.#engine.settings.random();
    return `${String(Number.parseInt(last, 10) + 1).padStart(8, "0")}-${token.toString(16).padStart(8, "0")}`;
  }
}

const noIndex = {
  indexChunks: 0,
  indexStart: 0,
  indexGeneration: 0,
  indexVersion: 0,
  indexSessions: new Map<string, number>(),
  bytes: 0,
};
