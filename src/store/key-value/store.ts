import { lookAt, type StoreInspection } from "../check/inspect-store.ts";
import type { Checkpoint } from "../checkpoint/catalog.ts";
import { Checkpointer, type CheckpointOptions, type Phase } from "../checkpoint/checkpointer.ts";
import type { RecoveryReport } from "../checkpoint/recover.ts";
import { StoreError } from "../error.ts";
import type { FileLock } from "../file/index.ts";
import { maxSessionNameBytes } from "../hybrid-log/commit-record.ts";
import type { FlushMetrics } from "../hybrid-log/flusher-options.ts";
import { AutoFlush, type AutoFlushMetrics, checkTriggers } from "./auto-flush.ts";
import { type CompactOptions, type CompactReport, moveLive, sweepIndex } from "./compact.ts";
import type { Engine } from "./engine.ts";
import { type Key, KeyBuffer } from "./key.ts";
import { openEngine } from "./open.ts";
import type { Durability, StoreOptions } from "./options.ts";
import type { BatchStep, Value } from "./own.ts";
import { type Entry, scan } from "./scan.ts";
import { Session } from "./session.ts";
import { type StoreMeta, writeMeta } from "./store-meta.ts";

/** Where a store stands. Sizes are bytes, positions in the log too. */
export interface StoreStats {
  readonly begin: number;
  readonly head: number;
  readonly safeReadOnly: number;
  readonly readOnly: number;
  readonly tail: number;
  readonly committed: number;
  readonly generation: number;
  readonly version: number;
  /** Entries of the index: about the number of keys, deleted ones that nothing has compacted included. */
  readonly indexEntries: number;
  readonly indexBytes: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly coldReads: number;
  readonly cacheHits: number;
  readonly flush: Readonly<FlushMetrics>;
  readonly autoFlush: Readonly<AutoFlushMetrics>;
}

/**
 * A key-value store on a hybrid log: the newest part of the log is changed in place in memory, the rest is on disk. One
 * process has it open at a time.
 */
export class KeyValueStore {
  /** How it was found. */
  readonly recovery: RecoveryReport;
  readonly #engine: Engine;
  readonly #lock: FileLock;
  readonly #key = new KeyBuffer();
  readonly #sessions = new Map<string, Session>();
  readonly #unnamed: Session;
  readonly #checkpointer: Checkpointer;
  readonly #autoFlush: AutoFlush;
  #meta: StoreMeta;
  #closing: Promise<void> | undefined;
  #maintaining = false;
  #compacting: Promise<unknown> | undefined;
  #scans = 0;

  private constructor(
    engine: Engine,
    lock: FileLock,
    meta: StoreMeta,
    checkpointer: Checkpointer,
    autoFlush: AutoFlush,
    recovery: RecoveryReport,
  ) {
    this.#engine = engine;
    this.#lock = lock;
    this.#meta = meta;
    this.#checkpointer = checkpointer;
    this.#autoFlush = autoFlush;
    this.recovery = recovery;
    this.#unnamed = new Session(engine, this.#key, "", 0);
  }

  /**
   * Opens the store in a folder, or makes one there. Throws `corrupt` when what was durable is damaged, `locked` when it is
   * open elsewhere.
   */
  static async open(folder: string, options: StoreOptions = {}): Promise<KeyValueStore> {
    checkTriggers(options.flush ?? {});
    const { engine, lock, meta, checkpoints, recovery } = await openEngine(folder, options);
    const known = checkpoints.filter(({ generation }) => generation <= engine.flusher.generation);
    const checkpointer = new Checkpointer(engine, known, Date.now);
    const autoFlush = new AutoFlush(engine, options.flush ?? {}, engine.settings.clock);
    return new KeyValueStore(engine, lock, meta, checkpointer, autoFlush, recovery);
  }

  /** The session of a name, which goes on where its last durable operation was. At most 128 bytes of UTF-8. */
  session(name: string): Session {
    const known = this.#sessions.get(name);
    if (known !== undefined) return known;
    const bytes = Buffer.byteLength(name);
    if (bytes < 1 || bytes > maxSessionNameBytes) {
      throw new StoreError(
        "invalid_argument",
        `a session's name has 1 to ${maxSessionNameBytes} bytes, this one ${bytes}`,
      );
    }
    const { durableSerials, maxSessions } = this.#engine;
    const serial = durableSerials.get(name);
    if (serial === undefined && new Set([...durableSerials.keys(), ...this.#sessions.keys()]).size >= maxSessions) {
      throw new StoreError("too_large", `the store has ${maxSessions} sessions, and its pages have no room for more`);
    }
    const session = new Session(this.#engine, this.#key, name, serial ?? 0);
    this.#sessions.set(name, session);
    return session;
  }

  /** See {@link Session.get}; like the other operations here, outside of any session. */
  get(key: Key): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    return this.#unnamed.get(key);
  }

  read(key: Key, target: Uint8Array): number | Promise<number> {
    return this.#unnamed.read(key, target);
  }

  put(key: Key, value: Value, durability?: Durability): Promise<void> | undefined {
    return this.#unnamed.put(key, value, durability);
  }

  delete(key: Key, durability?: Durability): Promise<void> | undefined {
    return this.#unnamed.delete(key, durability);
  }

  update(
    key: Key,
    change: (value: Uint8Array | undefined) => Uint8Array | undefined,
    durability?: Durability,
  ): Promise<void> | undefined {
    return this.#unnamed.update(key, change, durability);
  }

  batch(steps: readonly BatchStep[], durability?: Durability): Promise<void> | undefined {
    return this.#unnamed.batch(steps, durability);
  }

  /** Makes everything done so far durable. */
  commit(): Promise<void> {
    this.#engine.check();
    return this.#engine.flusher.commit();
  }

  /** Takes a checkpoint; operations go on meanwhile. `busy` while another is being taken. */
  checkpoint(options?: CheckpointOptions): Promise<Checkpoint> {
    return this.#alone(() => this.#checkpointer.take(options));
  }

  /** See {@link scan}. The log isn't compacted before the scan is over or given up. */
  async *scan(): AsyncGenerator<Entry> {
    if (this.#engine.closed) throw new StoreError("closed", "the store is closed");
    while (this.#compacting !== undefined) await this.#compacting.catch(() => {});
    this.#scans++;
    try {
      yield* scan(this.#engine);
    } finally {
      this.#scans--;
    }
  }

  /**
   * Moves what is alive from the log's beginning to its end and deletes what lies before, segment by segment; operations go
   * on meanwhile. Checkpoints that need the deleted part go too. `busy` during a checkpoint, a scan or another compaction.
   */
  compact(options: CompactOptions = {}): Promise<CompactReport> {
    if (this.#scans > 0) return Promise.reject(new StoreError("busy", "the store is being scanned"));
    const done = this.#alone(() => this.#compact(options.bytes ?? Number.POSITIVE_INFINITY));
    if (this.#compacting === undefined) {
      this.#compacting = done;
      const over = () => {
        if (this.#compacting === done) this.#compacting = undefined;
      };
      done.then(over, over);
    }
    return done;
  }

  async #compact(bytes: number): Promise<CompactReport> {
    const engine = this.#engine;
    await engine.flusher.commit();
    const { begin } = this.#meta;
    const { moved, ...start } = await moveLive(engine, this.#meta, bytes);
    // Only when the copies are durable may the originals go.
    await engine.flusher.commit();
    if (start.begin === begin) return { scannedBytes: 0, moved, freedBytes: 0 };
    const { committed } = engine.flusher;
    const next = { ...this.#meta, ...start, committed, buckets: engine.index.buckets };
    await writeMeta(engine.files, engine.folder, next);
    this.#meta = next;
    engine.memory.begin = next.begin;
    await this.#checkpointer.forgetBefore(next.begin);
    await sweepIndex(engine);
    const freedBytes = await engine.logFiles.deleteBelow(next.begin);
    return { scannedBytes: (next.begin - begin) * 8, moved, freedBytes };
  }

  /** Checkpoints and compactions keep out of each other's way. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    this.#engine.check();
    if (this.#maintaining) throw new StoreError("busy", "a checkpoint is being taken, or the log compacted");
    this.#maintaining = true;
    try {
      return await work();
    } catch (error) {
      throw StoreError.fromFile("maintaining the store", error);
    } finally {
      this.#maintaining = false;
    }
  }

  /**
   * Reads every page, every commit and every chunk of the checkpoints again and tells which of them are whole, and where the
   * others are damaged; operations go on meanwhile. `busy` during a checkpoint or a compaction.
   */
  selfCheck(): Promise<StoreInspection> {
    const { files, folder, flusher } = this.#engine;
    return this.#alone(() => lookAt(files, folder, true, true, flusher.committed));
  }

  /** Size of a segment file. */
  get segmentBytes(): number {
    return this.#engine.memory.geometry.segmentBytes;
  }

  get checkpoints(): readonly Checkpoint[] {
    return this.#checkpointer.checkpoints;
  }

  get phase(): Phase {
    return this.#checkpointer.phase;
  }

  stats(): StoreStats {
    const { memory, flusher, index, records, reader, cache, logFiles } = this.#engine;
    return {
      begin: memory.begin * 8,
      head: Math.max(memory.head, memory.begin) * 8,
      safeReadOnly: memory.safeReadOnly * 8,
      readOnly: memory.readOnly * 8,
      tail: memory.tail * 8,
      committed: flusher.committed * 8,
      generation: flusher.generation,
      version: records.version,
      indexEntries: index.entries,
      indexBytes: index.bytes,
      memoryBytes: (memory.tail - Math.max(memory.head, memory.begin)) * 8 + index.bytes + cache.usedBytes,
      diskBytes: logFiles.bytes(memory.begin),
      coldReads: reader.reads,
      cacheHits: cache.hits,
      flush: { ...flusher.metrics },
      autoFlush: { ...this.#autoFlush.metrics },
    };
  }

  /**
   * Makes everything durable and gives up the lock. Further calls wait for the first. Rejects when that fails, or when an
   * earlier commit did that nobody has been told of, and is closed all the same.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const engine = this.#engine;
    const { flusher } = engine;
    this.#autoFlush.stop();
    try {
      if (!flusher.isFailureTold) flusher.check();
      if (flusher.failure === undefined) {
        await flusher.commit();
        engine.closed = true;
        await flusher.idle();
        const { committed } = flusher;
        this.#meta = { ...this.#meta, committed, buckets: engine.index.buckets };
        await writeMeta(engine.files, engine.folder, this.#meta);
        engine.logFiles.trim(committed);
      }
    } catch (error) {
      throw StoreError.fromFile("closing the store", error);
    } finally {
      engine.closed = true;
      engine.stopTimers();
      await flusher.idle();
      engine.logFiles.close();
      this.#lock.release();
    }
  }
}
