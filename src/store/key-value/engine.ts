import { StoreError } from "../error.ts";
import { type FileSystem, HugePages } from "../file/index.ts";
import { ColdReader } from "../hybrid-log/cold-reader.ts";
import { sessionEntryBytes } from "../hybrid-log/commit-record.ts";
import { Flusher } from "../hybrid-log/flusher.ts";
import { LogFiles } from "../hybrid-log/log-files.ts";
import { LogMemory } from "../hybrid-log/log-memory.ts";
import { ReadCache } from "../hybrid-log/read-cache.ts";
import { HashIndex } from "../index/index.ts";
import type { Durability, Settings } from "./options.ts";
import { Records } from "./records.ts";

/** Where a session stands; the engine reads it when a state is made durable. */
export interface SessionState {
  readonly name: string;
  serial: number;
  dirty: boolean;
}

/** What identifies a store on disk. */
export interface Identity {
  /** Random number, in every commit: bytes of another store never pass for this one's. */
  readonly store: number;
}

/**
 * The parts of a store and what holds them together: durability of writes, waiting for memory, sessions. What the parts do
 * is theirs to know.
 */
export class Engine {
  readonly folder: string;
  readonly files: FileSystem;
  readonly settings: Settings;
  readonly identity: Identity;
  readonly memory: LogMemory;
  readonly logFiles: LogFiles;
  readonly index: HashIndex;
  readonly records: Records;
  readonly reader: ColdReader;
  readonly flusher: Flusher;
  readonly cache: ReadCache;
  /** The last durable serial of every session that the store knows. */
  readonly durableSerials = new Map<string, number>();
  readonly maxSessions: number;
  /** Reads from disk under way; segments aren't deleted meanwhile. */
  pendingReads = 0;
  closed = false;
  /** Called once, at the instant at which the next commit takes its state. */
  onSeal: (() => void) | undefined;
  readonly #hugePages: HugePages;
  readonly #dirty = new Set<SessionState>();
  #roomWaiters: PromiseWithResolvers<void> | undefined;
  #asyncTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(folder: string, files: FileSystem, settings: Settings, identity: Identity) {
    const { geometry, memoryBytes } = settings;
    this.folder = folder;
    this.files = files;
    this.settings = settings;
    this.#hugePages = new HugePages(settings.hugePages);
    this.identity = identity;
    this.memory = new LogMemory(geometry, memoryBytes / geometry.pageBytes);
    this.logFiles = new LogFiles(files, folder, geometry);
    this.index = new HashIndex(settings.indexBuckets);
    this.cache = new ReadCache(settings.readCacheBytes);
    this.records = new Records(this.memory, this.index, this.cache);
    this.reader = new ColdReader(this.logFiles, geometry);
    this.maxSessions = Math.min(65_535, Math.floor((geometry.dataUnits * 4) / sessionEntryBytes));
    this.flusher = new Flusher({
      memory: this.memory,
      files: this.logFiles,
      store: identity.store,
      mutableFraction: settings.mutableFraction,
      clock: settings.clock,
      takeState: () => {
        const sessions = this.#dirtySerials();
        for (const session of this.#dirty) session.dirty = false;
        this.#dirty.clear();
        this.#sealed = sessions;
        const state = { version: this.records.version, buckets: this.index.buckets, sessions };
        this.onSeal?.();
        this.onSeal = undefined;
        return state;
      },
      peekSessions: () => this.#dirtySerials(),
    });
    this.flusher.onProgress = () => this.#progress();
  }

  /** Serials of the commit that is under way. */
  #sealed: ReadonlyMap<string, number> = new Map();

  /** Throws when nothing can be written. */
  check(): void {
    if (this.closed) throw new StoreError("closed", "the store is closed");
    this.flusher.check();
  }

  markDirty(session: SessionState): void {
    session.dirty = true;
    this.#dirty.add(session);
  }

  /** Serials that only a snapshot knows must be in the next commit, which will be newer than the snapshot. */
  carrySerials(serials: ReadonlyMap<string, number>): void {
    for (const [name, serial] of serials) this.#dirty.add({ name, serial, dirty: true });
  }

  /** What a write still has to wait for. */
  acknowledge(durability: Durability): Promise<void> | undefined {
    if (durability === "checkpoint") return undefined;
    if (durability === "sync") return this.flusher.commit();
    const { asyncWindowBytes, asyncWindowMs } = this.settings;
    if ((this.memory.tail - this.flusher.committed) * 8 > asyncWindowBytes) return this.flusher.commit();
    this.#asyncTimer ??= setTimeout(() => this.commitInBackground(), asyncWindowMs);
    return undefined;
  }

  /** To be called when it has been filled: the first touch of a huge page is no time to wait for one. */
  askForHugePages(): void {
    this.memory.onFull = (memory) => this.#hugePages.add(memory);
    this.index.onTable = (table) => this.#hugePages.add(table);
  }

  /** A commit that nobody waits for. Its failure poisons the flusher, so the next write tells of it. */
  commitInBackground(): void {
    clearTimeout(this.#asyncTimer);
    this.#asyncTimer = undefined;
    if (this.flusher.failure === undefined && !this.closed) this.flusher.commitInBackground();
  }

  /**
   * Puts the record at an address, which isn't in memory, into the cache if that takes no waiting: after `true` the lookup
   * that ended there goes on.
   */
  fetch(address: number): boolean {
    const record = this.reader.readCached(address);
    if (record === undefined || !this.cache.add(address, record)) return false;
    // Finding there what was just put there is no hit.
    this.cache.hits--;
    return true;
  }

  /** Resolves when there may be room for a new page again. */
  async room(): Promise<void> {
    this.check();
    this.flusher.makeRoom();
    if (this.memory.hasRoom(this.memory.geometry.dataUnits)) return;
    this.#roomWaiters ??= Promise.withResolvers();
    await this.#roomWaiters.promise;
    this.check();
  }

  /** To be called when pages may leave memory that could not before. */
  #progress(): void {
    if (this.flusher.committed === this.flusher.sealedEnd) {
      for (const [name, serial] of this.#sealed) this.durableSerials.set(name, serial);
    }
    if (this.#roomWaiters === undefined) return;
    if (this.flusher.failure === undefined) this.flusher.makeRoom();
    const waiters = this.#roomWaiters;
    this.#roomWaiters = undefined;
    waiters.resolve();
  }

  /** Pages that were pinned may leave now. */
  unpinned(): void {
    this.#progress();
  }

  /** Serials of all sessions as they are now, for a checkpoint. */
  allSerials(): Map<string, number> {
    return new Map([...this.durableSerials, ...this.#sealed, ...this.#dirtySerials()]);
  }

  stopTimers(): void {
    this.#hugePages.stop();
    clearTimeout(this.#asyncTimer);
    this.#asyncTimer = undefined;
  }

  #dirtySerials(): Map<string, number> {
    const serials = new Map<string, number>();
    for (const session of this.#dirty) serials.set(session.name, session.serial);
    return serials;
  }
}
