import { StoreError } from "../error.ts";
import { SyncChoice } from "../file/index.ts";
import { ChainHash } from "./chain-hash.ts";
import { type Commit, commitBytes, writeCommit } from "./commit-record.ts";
import type { FlusherOptions, FlushMetrics, ResumePoint } from "./flusher-options.ts";
import type { LogFiles } from "./log-files.ts";
import type { LogMemory } from "./log-memory.ts";
import { sealPage } from "./page-seal.ts";

/** Batches up to this size are written and synced on the caller's thread while the disk is fast, and that is faster. */
const inlineBytes = 64 * 1_024;
/** The longest sync for which blocking the event loop is the lesser evil, in milliseconds. */
const inlineSyncMs = 1;
/** The most that is written at once: a long write can keep the event loop's thread off its core. */
const sliceBytes = 2 ** 20;
/** Rounds in which a large commit first brings closed pages to disk, so that sealing hashes little. */
const rounds = 4;

/**
 * Brings the log to disk: one flush at a time, in order. A commit takes with it all that was done before; everybody who
 * asks while one is on its way shares the next. After a failed write or sync nothing is known of the disk, so the flusher
 * accepts nothing more: the store must be opened again.
 */
export class Flusher {
  readonly metrics: FlushMetrics = {
    commits: 0,
    flushes: 0,
    bytes: 0,
    failures: 0,
    syncMs: 0,
    lastFlushBytes: 0,
    lastFlushMs: 0,
  };
  /** Behind the last commit record; up to here the log is durable and vouched for once `committed` has caught up. */
  sealedEnd: number;
  /** Behind the last commit record that is durable. */
  committed: number;
  generation = 0;
  /** Why nothing is accepted any more. */
  failure: StoreError | undefined;
  /** Whether whoever waited for a commit, or called afterwards, has learned of the failure. */
  isFailureTold = false;
  /** Told after pages have left memory or become durable. */
  onProgress: () => void = () => {};
  readonly #options: FlusherOptions;
  readonly #memory: LogMemory;
  readonly #files: LogFiles;
  readonly #choice = new SyncChoice();
  #hash = new ChainHash();
  #hashed: number;
  #written: number;
  #group: PromiseWithResolvers<void> | undefined;
  /** Whether anybody waits for the group that is gathering, and for the one that is on its way. */
  #isAwaited = false;
  #isFlyingAwaited = false;
  #flushBelow = 0;
  #running: Promise<void> | undefined;

  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#memory = options.memory;
    this.#files = options.files;
    this.sealedEnd = this.#memory.tail;
    this.committed = this.#memory.tail;
    this.#hashed = this.#memory.tail;
    this.#written = this.#memory.tail;
    this.#memory.onPageTurn = () => this.#pageTurned();
  }

  /** Takes up where recovery ended. */
  resume(from: ResumePoint): void {
    this.committed = from.committed;
    this.sealedEnd = from.sealedEnd;
    this.generation = from.generation;
    this.#hash = from.hash;
    this.#hashed = Math.max(from.sealedEnd, from.written);
    this.#written = from.written;
  }

  /** Resolves when everything done before the call is durable. */
  commit(): Promise<void> {
    this.#isAwaited = true;
    return this.#commit();
  }

  /** A commit that nobody waits for. Its failure is told to whoever calls next. */
  commitInBackground(): void {
    this.#commit().catch(() => {});
  }

  #commit(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.#poisoned());
    this.#group ??= Promise.withResolvers();
    this.#wake();
    return this.#group.promise;
  }

  /** Whether there is anything that a commit would make durable. */
  get isDirty(): boolean {
    return this.#memory.tail !== this.sealedEnd || this.#options.peekSessions().size > 0;
  }

  /** Makes the whole pages below an address read-only and writes them; {@link idle} tells when. */
  flushBelow(address: number): void {
    const { pageUnits } = this.#memory.geometry;
    const below = Math.floor(Math.min(address, this.#memory.tail) / pageUnits) * pageUnits;
    if (below <= this.#flushBelow || below <= this.#written || this.failure !== undefined) return;
    this.#flushBelow = below;
    this.#wake();
  }

  /** Resolves when no flush is under way or asked for. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Everything up to here is in the files, maybe not synced. */
  get written(): number {
    return this.#written;
  }

  /** Frees memory for the page after the tail's, as far as flushes allow; asks for the flush that is missing. */
  makeRoom(): void {
    const { pageUnits } = this.#memory.geometry;
    const page = this.#memory.pageOf(this.#memory.tail);
    this.#evict(page);
    this.flushBelow(page * pageUnits);
  }

  /** Throws if nothing can be accepted any more. */
  check(): void {
    if (this.failure !== undefined) throw this.#poisoned();
  }

  #poisoned(): StoreError {
    this.isFailureTold = true;
    const reason = this.failure?.message ?? "";
    return new StoreError(
      "poisoned",
      `an earlier write failed, open the store again to recover: ${reason}`,
      this.failure,
    );
  }

  #pageTurned(): void {
    const { pages, geometry } = this.#memory;
    const page = this.#memory.pageOf(this.#memory.tail);
    const spare = sparePages(pages);
    const mutable = Math.max(1, Math.min(Math.floor(pages * this.#options.mutableFraction), pages - 1 - spare));
    this.#evict(page);
    this.flushBelow((page - mutable) * geometry.pageUnits);
  }

  #evict(page: number): void {
    const { pages, geometry } = this.#memory;
    this.#memory.evictBelow((page + sparePages(pages) - pages + 1) * geometry.pageUnits);
  }

  #wake(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.failure === undefined && (this.#group !== undefined || this.#flushBelow > this.#written)) this.#wake();
    });
  }

  async #run(): Promise<void> {
    try {
      while (this.#group !== undefined || this.#flushBelow > this.#written) {
        // Lets everybody join who was woken by the commit before.
        await new Promise<void>((resolve) => void setImmediate(resolve));
        if (this.#flushBelow > this.#written) await this.#flushPages(this.#flushBelow);
        if (this.#group !== undefined) await this.#commitGroup();
      }
    } catch (error) {
      this.fail(StoreError.fromFile("writing the log", error));
    }
  }

  /** Refuses everything from now on, and tells everybody who waits. */
  fail(error: StoreError): void {
    this.metrics.failures++;
    this.failure ??= error;
    this.isFailureTold ||= this.#isAwaited || this.#isFlyingAwaited;
    const group = this.#group;
    this.#group = undefined;
    group?.reject(error);
    this.onProgress();
  }

  async #commitGroup(): Promise<void> {
    const { pageUnits } = this.#memory.geometry;
    for (let round = 0; round < rounds; round++) {
      const page = this.#memory.pageOf(this.#memory.tail);
      if (page * pageUnits <= this.#written) break;
      await this.#flushPages(page * pageUnits);
    }
    if (!this.isDirty && this.committed === this.sealedEnd) {
      this.#takeGroup()?.resolve();
      return;
    }
    while (!this.#memory.hasRoom(this.#commitUnits())) {
      await this.#flushPages(this.#memory.pageOf(this.#memory.tail) * pageUnits);
      this.#evict(this.#memory.pageOf(this.#memory.tail));
      if (!this.#memory.hasRoom(this.#commitUnits())) await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    const group = this.#takeGroup();
    try {
      this.committed = await this.#writeSealed(this.#seal());
    } catch (error) {
      const failure = StoreError.fromFile("writing the log", error);
      this.failure ??= failure;
      group?.reject(failure);
      throw failure;
    }
    this.metrics.commits++;
    this.#isFlyingAwaited = false;
    group?.resolve();
    this.onProgress();
  }

  /** Whoever asks for a commit from now on waits for the next one. */
  #takeGroup(): PromiseWithResolvers<void> | undefined {
    const group = this.#group;
    this.#group = undefined;
    this.#isFlyingAwaited = this.#isAwaited;
    this.#isAwaited = false;
    return group;
  }

  #commitUnits(): number {
    return Math.ceil(commitBytes(this.#options.peekSessions()) / 8);
  }

  /** Puts a commit record at the tail. From here on nothing before it can change. */
  #seal(): number {
    const memory = this.#memory;
    const units = this.#commitUnits();
    const state = this.#options.takeState();
    const address = memory.allocate(units);
    this.#foldBelow(address);
    this.generation++;
    const commit: Commit = {
      address,
      from: this.sealedEnd,
      generation: this.generation,
      hashLow: this.#hash.low,
      hashHigh: this.#hash.high,
      store: this.#options.store,
      ...state,
    };
    writeCommit(memory.range(address, address + units), commit);
    this.#hash.reset();
    this.#hashed = memory.tail;
    this.sealedEnd = memory.tail;
    this.#closeBelow(memory.tail);
    return memory.tail;
  }

  async #writeSealed(end: number): Promise<number> {
    const started = this.#options.clock();
    const bytes = (end - this.#written) * 8;
    const isSmall = bytes <= inlineBytes && this.metrics.syncMs <= inlineSyncMs && this.#files.folderIsSynced;
    const inline = isSmall && this.#choice.isHere();
    for (const [address, piece] of this.#pieces(end)) {
      if (inline) this.#files.writeSync(address, piece);
      else await this.#write(address, piece);
    }
    const written = this.#options.clock();
    if (inline && this.#files.folderIsSynced) this.#files.syncSync();
    else await this.#files.sync();
    this.#synced(end, bytes, started, written);
    if (isSmall) this.#choice.took(inline, this.metrics.lastFlushMs);
    return end;
  }

  async #flushPages(below: number): Promise<void> {
    if (below <= this.#written) return;
    const started = this.#options.clock();
    const from = this.#written;
    this.#closeBelow(below);
    for (const [address, piece] of this.#pieces(below)) {
      this.#foldBelow(address + piece.length / 8);
      await this.#write(address, piece);
    }
    const written = this.#options.clock();
    await this.#files.sync();
    this.#synced(below, (below - from) * 8, started, written);
    this.onProgress();
  }

  async #write(address: number, piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; at += sliceBytes) {
      await this.#files.write(address + at / 8, piece.subarray(at, at + sliceBytes));
    }
  }

  #synced(end: number, bytes: number, started: number, written: number): void {
    const now = this.#options.clock();
    const { metrics } = this;
    metrics.flushes++;
    metrics.bytes += bytes;
    metrics.lastFlushBytes = bytes;
    metrics.lastFlushMs = now - started;
    metrics.syncMs += (now - written - metrics.syncMs) / 8;
    this.#written = end;
    this.#memory.safeReadOnly = end;
    this.#evict(this.#memory.pageOf(this.#memory.tail));
  }

  #closeBelow(address: number): void {
    const memory = this.#memory;
    if (address > memory.readOnly) memory.readOnly = address;
    if (address > memory.inPlaceFrom) memory.inPlaceFrom = address;
  }

  /** What is to be written up to `end`, page by page; a page that is complete gets its seal on the way. */
  *#pieces(end: number): Generator<[address: number, bytes: Uint8Array]> {
    const memory = this.#memory;
    const { pageUnits } = memory.geometry;
    for (let from = this.#written; from < end; ) {
      const page = memory.pageOf(from);
      const pageEnd = (page + 1) * pageUnits;
      if (pageEnd <= end) sealPage(memory.page(page), page, memory.geometry);
      const to = Math.min(pageEnd, end);
      yield [from, memory.range(from, to)];
      from = to;
    }
  }

  /** Hashes what hasn't been hashed up to an address, each page's records by themselves. */
  #foldBelow(address: number): void {
    const memory = this.#memory;
    const { pageUnits, dataUnits } = memory.geometry;
    while (this.#hashed < address) {
      const start = memory.pageOf(this.#hashed) * pageUnits;
      const to = Math.min(address, start + dataUnits);
      if (to > this.#hashed) this.#hash.add(memory.range(this.#hashed, to));
      this.#hashed = address >= start + pageUnits ? start + pageUnits : Math.max(to, address);
    }
  }
}

/** Pages kept free ahead of the tail, so that a flush has time to finish before writers must wait. */
function sparePages(pages: number): number {
  return Math.max(1, pages >>> 4);
}
