import { join } from "node:path";
import { StoreError } from "../error.ts";
import { ChainHash } from "../hybrid-log/chain-hash.ts";
import type { Engine } from "../key-value/engine.ts";
import type { StoreMeta } from "../key-value/store-meta.ts";
import { type Catalog, type Checkpoint, checkpointFolder, tokenOf } from "./catalog.ts";
import { findTarget, giveUpLater } from "./go-back.ts";
import { readIndex } from "./index-file.ts";
import { Linker } from "./linker.ts";
import { PageLoader } from "./page-loader.ts";
import { restoreCopy } from "./restore-copy.ts";
import { type FoundCommit, laterCommit, nextCommit } from "./scan-commits.ts";

/** How a store was found when it was opened. */
export interface RecoveryReport {
  /** Bytes behind the last whole commit, which were given up: what a crash tore, or with `repair`, damage. */
  readonly droppedBytes: number;
  /** The checkpoint that was newer than the log's last commit. */
  readonly checkpoint: string | undefined;
  /** Whether the index came from a checkpoint; else it was rebuilt from the log. */
  readonly indexLoaded: boolean;
  /** Operations read again from the log to bring the index up to date. */
  readonly recordsScanned: number;
  /** What was wrong: what cost only time, and with `repair` what was given up. */
  readonly problems: readonly string[];
  /** Checkpoints that `repair` set aside: their files are kept, and nobody uses them. */
  readonly setAside: readonly string[];
}

/** The state of the log at the end of what could be verified. */
interface Position {
  end: number;
  generation: number;
  version: number;
  /** Where the last commit's part begins: what lies before was synced before that commit was written. */
  from: number;
}

/**
 * Brings an engine to the newest durable state: the last commit of the log, or a snapshot that is newer. Throws `corrupt`
 * when something that was durable is damaged, unless `repair` allows to go back to the newest state that is whole. With `at`
 * it goes back to a checkpoint, and what came after it is given up.
 */
export async function recover(engine: Engine, meta: StoreMeta, catalog: Catalog): Promise<RecoveryReport> {
  return new Recovery(engine, meta, catalog).run();
}

class Recovery {
  readonly #engine: Engine;
  readonly #meta: StoreMeta;
  readonly #catalog: Catalog;
  #loader: PageLoader;
  readonly #problems: string[] = [];
  readonly #hash = new ChainHash();
  readonly #linker: Linker;
  #sealedEnd = 0;
  /** The log is known to be durable up to here. */
  #known = 0;

  constructor(engine: Engine, meta: StoreMeta, catalog: Catalog) {
    this.#engine = engine;
    this.#meta = meta;
    this.#catalog = catalog;
    this.#loader = new PageLoader(engine.memory, engine.logFiles);
    this.#linker = new Linker(engine.memory, engine.records);
  }

  async run(): Promise<RecoveryReport> {
    const { memory } = this.#engine;
    memory.begin = this.#meta.begin;
    memory.head = Number.POSITIVE_INFINITY;
    const target = findTarget(this.#engine, this.#catalog, this.#meta);
    for (const { id, problem } of this.#catalog.damaged) {
      if (target === undefined) this.#damage(`checkpoint ${id}: ${problem.message}`, problem);
      else this.#problems.push(`checkpoint ${id}, which is given up, is damaged: ${problem.message}`);
    }
    const checkpoints = this.#catalog.checkpoints.filter(
      ({ committed, generation }) =>
        committed >= this.#meta.begin && generation <= (target?.generation ?? Number.POSITIVE_INFINITY),
    );
    for (;;) {
      this.#hash.reset();
      this.#sealedEnd = 0;
      const start = await this.#start(checkpoints);
      const position = await this.#replay(start.position, target?.committed);
      if (target === undefined) await this.#judgeEnd(position, checkpoints);
      else this.#reachedTarget(position, target);
      await this.#rewrite(position.from, position.end);
      const copy = newestCopy(checkpoints, position);
      if (copy !== undefined && !(await this.#takeOver(copy, position))) {
        // Only with `repair`: what the copy left behind is thrown away, and it all begins anew without it.
        checkpoints.splice(checkpoints.indexOf(copy), 1);
        this.#engine.durableSerials.clear();
        this.#engine.index.clear();
        this.#loader = new PageLoader(this.#engine.memory, this.#engine.logFiles);
        continue;
      }
      const setAside = await giveUpLater(this.#engine, this.#catalog, this.#meta, position);
      const droppedBytes = await this.#settle(position, copy);
      return {
        droppedBytes,
        checkpoint: target?.id ?? copy?.id,
        indexLoaded: start.indexLoaded,
        recordsScanned: this.#linker.linked,
        problems: this.#problems,
        setAside,
      };
    }
  }

  #reachedTarget({ end }: Position, { id, committed }: Checkpoint): void {
    if (end < committed)
      throw new StoreError("corrupt", `the log is damaged behind byte ${end * 8}, and checkpoint ${id} needs it`);
    this.#known = committed;
  }

  /** Where to begin reading: behind a saved index, or at the beginning. */
  async #start(checkpoints: readonly Checkpoint[]): Promise<{ position: Position; indexLoaded: boolean }> {
    const { durableSerials, index, memory } = this.#engine;
    const saved = checkpoints.findLast(({ indexChunks, indexStart }) => indexChunks > 0 && indexStart >= memory.begin);
    index.growTo(Math.max(this.#meta.buckets, ...checkpoints.map(({ buckets }) => buckets)));
    if (saved !== undefined && (await this.#loadIndex(saved))) {
      for (const [name, serial] of saved.indexSessions) durableSerials.set(name, serial);
      const { indexStart, indexGeneration, indexVersion } = saved;
      const position = { end: indexStart, generation: indexGeneration, version: indexVersion, from: indexStart };
      return { position, indexLoaded: true };
    }
    for (const [name, serial] of this.#meta.sessions) durableSerials.set(name, serial);
    const { begin, generation, version } = this.#meta;
    return { position: { end: begin, generation, version, from: begin }, indexLoaded: false };
  }

  async #loadIndex({ id, indexChunks, indexStart }: Checkpoint): Promise<boolean> {
    const { files, folder, index, memory } = this.#engine;
    try {
      const path = join(checkpointFolder(folder, id), "index");
      if (await readIndex(files, { path, chunks: indexChunks, token: tokenOf(id) }, index, memory.begin, indexStart))
        return true;
      this.#problems.push(`the index of checkpoint ${id} doesn't fit the log; it was rebuilt`);
    } catch (error) {
      // The log has all that the index says: nothing is lost.
      this.#problems.push(`the index of checkpoint ${id} was rebuilt: ${messageOf(error)}`);
    }
    index.clear();
    return false;
  }

  /** Takes over commit after commit, none that ends behind `limit`. */
  async #replay(start: Position, limit = Number.POSITIVE_INFINITY): Promise<Position> {
    const { memory, identity, durableSerials, index } = this.#engine;
    const position = { ...start };
    const hold = (address: number, at: number) => this.#linker.hold(address, at);
    this.#loader.readsAhead = true;
    try {
      for (;;) {
        const { end, generation } = position;
        const found = await nextCommit(memory, this.#loader, identity.store, end, generation, hold);
        if (found === undefined || found.end > limit) {
          this.#linker.drop();
          return position;
        }
        index.growTo(found.commit.buckets);
        await this.#linker.linkHeld(this.#loader, end, found.end);
        for (const [name, serial] of found.commit.sessions) durableSerials.set(name, serial);
        advance(position, found);
      }
    } finally {
      await this.#loader.settle();
    }
  }

  /** Whether what lies behind the last whole commit is an end that a crash tore, or damage to something durable. */
  async #judgeEnd(position: Position, checkpoints: readonly Checkpoint[]): Promise<void> {
    const { memory, identity, logFiles } = this.#engine;
    const known = Math.max(this.#meta.committed, ...checkpoints.map(({ committed }) => committed));
    this.#known = known;
    const later = await laterCommit(memory, this.#loader, identity.store, position.end, logFiles.end());
    if (position.end >= known && later === undefined) return;
    const byte = position.end * 8;
    const proof =
      later === undefined
        ? `it was durable up to byte ${known * 8}`
        : `there is a whole commit at byte ${later.address * 8}`;
    this.#damage(`the log is damaged behind byte ${byte}: ${proof}`);
  }

  /** Puts a copy's part of the log into memory, and what it knows of the rest; `false` when it is damaged. */
  async #takeOver(copy: Checkpoint, position: Position): Promise<boolean> {
    const { durableSerials } = this.#engine;
    try {
      if (copy.committed > position.end)
        throw new StoreError("corrupt", "it builds on a part of the log that is damaged");
      // A commit that was under way when the copy was begun may have reached the log, or only the copy.
      const flushed = Math.max(copy.flushed, position.end);
      await this.#hashBetween(position.end, flushed);
      await this.#linker.linkBetween(this.#loader, position.end, flushed);
      await restoreCopy(this.#engine, this.#loader, this.#catalog.checkpoints, copy, flushed);
      await this.#linker.linkBetween(this.#loader, flushed, copy.final);
      await this.#sealedWithin(copy, position);
    } catch (error) {
      // Too little memory is no damage.
      if (error instanceof StoreError && error.code === "invalid_argument") throw error;
      this.#damage(`checkpoint ${copy.id} can't be restored: ${messageOf(error)}`, error);
      return false;
    }
    position.version = copy.version;
    position.generation = copy.generation;
    for (const [name, serial] of copy.sessions) durableSerials.set(name, serial);
    return true;
  }

  /** Commits within the copy: the next one must continue from the last of them. */
  async #sealedWithin(copy: Checkpoint, { end, generation }: Position): Promise<void> {
    const { memory, identity } = this.#engine;
    this.#sealedEnd = end;
    for (let last = generation; ; ) {
      const found = await nextCommit(memory, this.#loader, identity.store, this.#sealedEnd, last);
      if (found === undefined || found.end > copy.final) break;
      this.#sealedEnd = found.end;
      last = found.commit.generation;
    }
    if (this.#sealedEnd > end) this.#hash.reset();
    if (this.#sealedEnd > end && this.#sealedEnd < copy.flushed) await this.#hashBetween(this.#sealedEnd, copy.flushed);
  }

  /** Pages that were written and not yet committed are vouched for by their seals, and count for the next commit. */
  async #hashBetween(committed: number, flushed: number): Promise<void> {
    const { memory } = this.#engine;
    const { pageUnits, dataUnits } = memory.geometry;
    this.#hash.reset();
    for (let page = memory.pageOf(committed); page < memory.pageOf(flushed); page++) {
      await this.#loader.loadSealed(page);
      const start = page * pageUnits;
      this.#hash.add(memory.range(Math.max(committed, start), start + dataUnits));
    }
  }

  /** Makes the state the engine's, cuts off the rest of the files, and fills memory with the log's end. */
  async #settle(position: Position, copy: Checkpoint | undefined): Promise<number> {
    const { memory, logFiles, flusher, records } = this.#engine;
    const committed = position.end;
    const flushed = Math.max(copy?.flushed ?? 0, committed);
    const tail = copy?.final ?? position.end;
    const droppedBytes = Math.max(0, (logFiles.end() - flushed) * 8);
    if (droppedBytes > 0) await logFiles.truncate(flushed);
    await logFiles.syncFrom(position.from);
    await this.#fillMemory(flushed, tail);
    memory.placeTail(tail);
    memory.safeReadOnly = flushed;
    // What a commit vouches for can't be changed in place, be the commit only in memory.
    memory.readOnly = Math.max(flushed, this.#sealedEnd);
    memory.inPlaceFrom = memory.readOnly;
    flusher.resume({
      committed,
      sealedEnd: Math.max(committed, this.#sealedEnd),
      written: flushed,
      generation: position.generation,
      hash: this.#hash,
    });
    records.version = position.version + 1;
    if (copy !== undefined) this.#engine.carrySerials(copy.sessions);
    return droppedBytes;
  }

  /**
   * Writes again what isn't known to be durable: the process before may have died of a failed sync, after which the page
   * cache shows bytes that the disk doesn't have, and another sync wouldn't write them.
   */
  async #rewrite(from: number, to: number): Promise<void> {
    const { memory, logFiles } = this.#engine;
    const { pageUnits } = memory.geometry;
    for (let address = Math.max(from, Math.min(this.#known, to)); address < to; ) {
      const page = memory.pageOf(address);
      const end = Math.min(to, (page + 1) * pageUnits);
      await this.#loader.load(page);
      await logFiles.write(address, memory.range(address, end));
      address = end;
    }
  }

  /** The pages from the head on must be in memory; as many as leave some free are. */
  async #fillMemory(flushed: number, tail: number): Promise<void> {
    const { memory } = this.#engine;
    const last = memory.pageOf(tail);
    const least = Math.max(memory.pageOf(memory.begin), last - memory.pages + 1 + Math.max(1, memory.pages >>> 4));
    let first = last;
    await this.#loader.load(last);
    for (let page = last - 1; page >= least; page--) {
      if (page >= memory.pageOf(flushed) && !this.#loader.has(page))
        throw new Error(`page ${page} has been lost from memory`);
      if (!this.#loader.has(page) && !(await this.#loadSealed(page))) break;
      first = page;
    }
    memory.head = Math.min(first, memory.pageOf(flushed)) * memory.geometry.pageUnits;
  }

  /** A damaged page stays on disk, where whoever asks for its records is told. */
  async #loadSealed(page: number): Promise<boolean> {
    try {
      await this.#loader.loadSealed(page);
      return true;
    } catch (error) {
      this.#problems.push(messageOf(error));
      return false;
    }
  }

  #damage(problem: string, cause?: unknown): void {
    if (!this.#engine.settings.repair) {
      throw new StoreError(
        "corrupt",
        `${problem}. Opening with \`repair\` goes back to the newest state that is whole`,
        cause,
      );
    }
    this.#problems.push(problem);
  }
}

/** The newest snapshot or delta, if it is newer than the log's last commit. */
function newestCopy(checkpoints: readonly Checkpoint[], { generation }: Position): Checkpoint | undefined {
  return checkpoints.findLast(
    (one) => (one.kind === "snapshot" || one.kind === "delta") && one.generation > generation,
  );
}

function advance(position: Position, { commit, end }: FoundCommit): void {
  position.from = commit.from;
  position.end = end;
  position.generation = commit.generation;
  position.version = commit.version;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
