import { StoreError } from "../error.ts";
import { isBulkWriting, SyncChoice } from "../file/index.ts";
import type { AppendBuffer, Chunk } from "./append-buffer.ts";
import { CommitGroup } from "./commit-group.ts";
import type { Iterators } from "./iterators.ts";
import type { MetadataFile } from "./metadata-file.ts";
import type { Point } from "./metadata-format.ts";
import type { SegmentWriter } from "./segment-writer.ts";

/**
 * Up to so many waiters and bytes, a commit writes and syncs on the spot: handing it to a thread and back costs more than
 * it saves. Above, the event loop has better things to do meanwhile, and the next group grows larger. A disk that takes
 * longer than `ms` on average would hold up the event loop; a very fast one doesn't even with larger groups.
 */
const onTheSpot = [
  { ms: 0.3, waiters: 8_192, bytes: 2 ** 20 },
  { ms: 2, waiters: 256, bytes: 2 ** 17 },
] as const;
/** A single stall counts as no more than this, in milliseconds: it must not change how the next hundred commits are made. */
const longestCountedMs = 8;
/** After some dozens of commits that were handed over, the disk is tried on the spot again. */
const fadingPerCommit = 0.97;

const done = Promise.resolve();

export interface FlusherParts {
  readonly buffer: AppendBuffer;
  readonly writer: SegmentWriter;
  readonly metadata: MetadataFile;
  readonly iterators: Iterators;
  /** Everything before it is durable. */
  readonly durable: Point;
  /** See {@link LogOptions.windowMs}. */
  readonly windowMs: number | false;
  /** Milliseconds, by which syncs are timed. */
  readonly clock: () => number;
  readonly afterCommit: () => void;
  readonly afterFailure: () => void;
}

/**
 * Makes what is buffered durable: one group at a time, each with one write and one sync, while the next one gathers. When
 * any of it fails, nobody knows what is on disk: everyone who waits is told so, and nothing is written ever again.
 */
export class Flusher {
  readonly #parts: FlusherParts;
  #committed: Point;
  #gathering = new CommitGroup();
  #flying = new CommitGroup();
  #flyingEnd: number;
  #room: PromiseWithResolvers<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: "resting" | "scheduled" | "flushing" = "resting";
  #wanted = false;
  #syncMs = 0;
  readonly #choice = new SyncChoice();
  #failure: StoreError | undefined;
  /** Whether somebody has learned of the failure. */
  isFailureTold = false;
  #marked: number;
  #isRestDue = false;
  commits = 0;

  constructor(parts: FlusherParts) {
    this.#parts = parts;
    this.#committed = parts.durable;
    this.#flyingEnd = parts.durable.address;
    this.#marked = parts.durable.address;
  }

  get committed(): Point {
    return this.#committed;
  }

  get failure(): StoreError | undefined {
    return this.#failure;
  }

  /** Resolves when everything before an address is durable. `undefined` address: all there is, changed iterators too. */
  waitUntil(address: number | undefined): Promise<void> {
    if (this.#failure !== undefined) return this.#refuse(this.#failure);
    const flying = this.#state === "flushing";
    if (address !== undefined && address <= this.#committed.address) return done;
    if (flying && address !== undefined && address <= this.#flyingEnd) return this.#flying.wait();
    if (address === undefined && this.#isIdle) return done;
    const promise = this.#gathering.wait();
    this.request();
    return promise;
  }

  /** Resolves when memory has become free. */
  waitForRoom(): Promise<void> {
    if (this.#failure !== undefined) return this.#refuse(this.#failure);
    this.#room ??= Promise.withResolvers<void>();
    this.request();
    return this.#room.promise;
  }

  /** Something was appended, or an iterator moved, that nobody waits for yet. */
  due(): void {
    const { windowMs } = this.#parts;
    if (windowMs !== false && this.#timer === undefined) this.#timer = setTimeout(() => this.#windowIsOver(), windowMs);
  }

  /** What was appended since the timer began may have been committed for others: then nothing is left to do. */
  #windowIsOver(): void {
    this.#timer = undefined;
    if (!this.#parts.buffer.isEmpty || this.#parts.iterators.changed) this.request();
  }

  /** Asks for a commit of what there is. */
  request(): void {
    if (this.#state !== "resting") {
      this.#wanted = true;
      return;
    }
    if (this.#failure !== undefined) return;
    this.#state = "scheduled";
    // Those whom the last commit answered append again in this turn and share the next one. And whoever else waits for the
    // event loop gets a turn between two commits, however fast they follow.
    setImmediate(() => this.#flush());
  }

  /** Whoever waits is told, and nothing is written any more. */
  fail(error: StoreError): void {
    this.#failure ??= error;
    const waiters = this.#gathering.waiters + (this.#state === "flushing" ? this.#flying.waiters : 0);
    if (waiters > 0 || this.#room !== undefined) this.isFailureTold = true;
    this.#stopTimer();
    this.#state = "resting";
    this.#flying.reject(this.#failure);
    this.#gathering.reject(this.#failure);
    this.#room?.reject(this.#failure);
    this.#room = undefined;
    this.#parts.afterFailure();
  }

  #refuse(failure: StoreError): Promise<never> {
    this.isFailureTold = true;
    return Promise.reject(failure);
  }

  /** For good: nothing is committed or marked any more. */
  close(): void {
    this.#failure ??= new StoreError("closed", "the log is closed");
    this.#stopTimer();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  get #isIdle(): boolean {
    return this.#state === "resting" && this.#parts.buffer.isEmpty && !this.#parts.iterators.changed;
  }

  #flush(): void {
    if (this.#failure !== undefined) return;
    this.#wanted = false;
    const { buffer, iterators } = this.#parts;
    if (iterators.changed) buffer.appendControl(iterators.take(), this.#committed.address);
    const chunks = buffer.take();
    const end = buffer.tail;
    this.#flying = this.#gathering;
    this.#gathering = new CommitGroup();
    this.#flyingEnd = end.address;
    this.#state = "flushing";
    const [only] = chunks;
    const quick = only !== undefined && chunks.length === 1 && this.#isQuick(only) ? only : undefined;
    if (quick !== undefined && this.#choice.isHere()) this.#flushOnTheSpot(quick, end);
    else void this.#flushChunks(chunks, end, quick !== undefined);
  }

  #isQuick({ used, startsSegment }: Chunk): boolean {
    if (isBulkWriting()) return false;
    const limit = onTheSpot.find(({ ms }) => this.#syncMs <= ms);
    return limit !== undefined && !startsSegment && used <= limit.bytes && this.#flying.waiters <= limit.waiters;
  }

  #flushOnTheSpot(chunk: Chunk, end: Point): void {
    try {
      const started = this.#parts.clock();
      this.#parts.writer.writeSync(chunk);
      this.#parts.writer.syncSync();
      const tookMs = Math.min(this.#parts.clock() - started, longestCountedMs);
      this.#choice.took(true, tookMs);
      this.#syncMs += (tookMs - this.#syncMs) / 8;
    } catch (error) {
      this.fail(StoreError.fromFile("writing the log", error));
      return;
    }
    this.#landed([chunk], end);
  }

  async #flushChunks(chunks: readonly Chunk[], end: Point, isQuick: boolean): Promise<void> {
    try {
      const started = this.#parts.clock();
      for (const run of runsOf(chunks)) {
        const [first] = run;
        if (first?.startsSegment) await this.#parts.writer.beginSegment(first.start, this.#parts.iterators.positions);
        await this.#parts.writer.write(run);
        await this.#parts.writer.sync();
      }
      if (isQuick) this.#choice.took(false, this.#parts.clock() - started);
      this.#syncMs *= fadingPerCommit;
    } catch (error) {
      this.fail(StoreError.fromFile("writing the log", error));
      return;
    }
    if (this.#failure === undefined) this.#landed(chunks, end);
  }

  #landed(chunks: readonly Chunk[], end: Point): void {
    this.commits++;
    this.#committed = end;
    this.#parts.buffer.giveBack(chunks);
    this.#state = "resting";
    this.#flying.resolve();
    this.#room?.resolve();
    this.#room = undefined;
    this.#parts.afterCommit();
    if (this.#wanted || this.#gathering.waiters > 0) this.request();
    else if (!this.#isRestDue) {
      this.#isRestDue = true;
      setImmediate(() => this.#rest());
    }
  }

  /** Tells a later recovery how far the log is durable, which no later entry may ever do. */
  #rest(): void {
    this.#isRestDue = false;
    if (this.#failure !== undefined || this.#state !== "resting" || this.#marked === this.#committed.address) return;
    try {
      this.#marked = this.#committed.address;
      this.#parts.metadata.mark(this.#committed);
    } catch (error) {
      this.fail(StoreError.fromFile("marking the log", error));
    }
  }
}

/** Chunks that lie in the same segment, in order. */
function runsOf(chunks: readonly Chunk[]): Chunk[][] {
  const runs: Chunk[][] = [];
  for (const chunk of chunks) {
    const last = runs.at(-1);
    if (last === undefined || chunk.startsSegment) runs.push([chunk]);
    else last.push(chunk);
  }
  return runs;
}
