import { StoreError } from "../error.ts";
import type { FileLock } from "../file/index.ts";
import type { AppendBuffer } from "./append-buffer.ts";
import { entryBytes, largestSequence } from "./entry-format.ts";
import type { Flusher } from "./flusher.ts";
import type { LogStats } from "./log-stats.ts";
import { NamedIterator } from "./named-iterator.ts";
import { type LogSettings, largestUnit } from "./options.ts";
import type { LogEntry } from "./page.ts";
import { assembleLog, type LogParts } from "./parts.ts";
import type { LogRecovery, RecoveredLog } from "./recover.ts";
import { followEntries, scanEntries, scanPages } from "./scan.ts";
import { type LogCheck, verifyEntries } from "./verify.ts";

/**
 * An append-only log of entries that survive a crash once they are committed. Opened with {@link openLog}; one process has
 * it open at a time. An address is a place in the log: it grows with every entry and is never used again.
 *
 * A write or sync that fails poisons it: everyone who waits is told, and every later call fails, until it is opened again,
 * which finds out what is really on disk.
 */
export class DurableLog {
  readonly path: string;
  readonly recovery: LogRecovery;
  readonly #settings: LogSettings;
  readonly #lock: FileLock;
  readonly #parts: LogParts;
  readonly #buffer: AppendBuffer;
  readonly #flusher: Flusher;
  readonly #largest: number;
  readonly #followers = new Set<() => void>();
  #closing: Promise<void> | undefined;

  /** @see openLog */
  constructor(path: string, settings: LogSettings, lock: FileLock, recovered: RecoveredLog) {
    this.path = path;
    this.recovery = recovered.recovery;
    this.#settings = settings;
    this.#lock = lock;
    this.#largest = largestUnit(settings);
    this.#parts = assembleLog(path, settings, recovered, {
      afterCommit: () => this.#afterCommit(),
      afterFailure: () => this.#wakeFollowers(),
    });
    this.#buffer = this.#parts.buffer;
    this.#flusher = this.#parts.flusher;
  }

  /** The address of the oldest entry. */
  get begin(): number {
    return this.#parts.truncation.begin.address;
  }

  /** Everything before this address is durable. */
  get committed(): number {
    return this.#flusher.committed.address;
  }

  /** Where the next entry goes. */
  get tail(): number {
    return this.#buffer.tailAddress;
  }

  /** What poisoned the log, if anything did. */
  get failure(): StoreError | undefined {
    return this.#closing === undefined ? this.#flusher.failure : undefined;
  }

  /**
   * Appends an entry, which is copied. It is durable after the next commit, which comes by itself within `windowMs`.
   * @returns its address, for {@link waitForCommit}
   * @throws `busy` when the disk is so far behind that the buffer is full: wait with {@link waitForRoom}; `too_large`
   */
  append(payload: Uint8Array): number {
    const total = entryBytes(payload.length);
    this.#checkAppend(total);
    const address = this.#buffer.append(payload, total, this.#flusher.committed.address);
    this.#appended();
    return address;
  }

  /**
   * Appends entries of which a crash keeps all or none.
   * @returns the address of the first
   * @throws as {@link append} does; `invalid_argument` when there are none
   */
  appendBatch(payloads: readonly Uint8Array[]): number {
    if (payloads.length === 0) throw new StoreError("invalid_argument", "a batch needs at least one entry");
    const total = payloads.reduce((sum, payload) => sum + entryBytes(payload.length), 0);
    this.#checkAppend(total);
    const address = this.#buffer.appendBatch(payloads, total, this.#flusher.committed.address);
    this.#appended();
    return address;
  }

  /**
   * Appends an entry and waits until it is durable; waits for room before, if there is none.
   * @returns its address
   */
  async appendDurably(payload: Uint8Array): Promise<number> {
    const total = entryBytes(payload.length);
    while (total <= this.#largest && !this.#buffer.hasRoom(total)) await this.waitForRoom();
    const address = this.append(payload);
    await this.waitForCommit(address);
    return address;
  }

  /** Resolves when the buffer has become emptier. Others may have filled it again by then: try in a loop. */
  waitForRoom(): Promise<void> {
    return this.#refused() ?? this.#flusher.waitForRoom();
  }

  /**
   * Makes everything appended so far durable, and the positions of named iterators with it.
   * @returns the address before which everything is durable then
   */
  async commit(): Promise<number> {
    const refused = this.#refused();
    if (refused !== undefined) return refused;
    await this.#flusher.waitUntil(undefined);
    return this.committed;
  }

  /**
   * Resolves when the entry at an address is durable, and rejects when it can't be known to be. Everyone who waits in the
   * same turn shares one write and one sync.
   */
  waitForCommit(address: number): Promise<void> {
    if (address >= this.tail) {
      const problem = `no entry was appended at ${address}: the log ends at ${this.tail}`;
      return Promise.reject(new StoreError("invalid_argument", problem));
    }
    if (this.#closing === undefined && this.#flusher.failure === undefined) return this.#flusher.waitUntil(address + 1);
    return this.#refused() ?? this.#flusher.waitUntil(address + 1);
  }

  /**
   * Durable entries in order, from the first at or behind `from` (default: the oldest) to the last before `to` (default: the
   * durable end as it is when it is reached). Entries that are truncated meanwhile are passed over.
   * @throws `corrupt` at the first entry that isn't as it was written
   */
  scan({ from = 0, to = Number.POSITIVE_INFINITY }: { from?: number; to?: number } = {}): AsyncGenerator<LogEntry> {
    return scanEntries(this.#parts.readable, from, to);
  }

  /** Like {@link scan}, a page of entries at a time: ten times as fast where entries are small. */
  scanPages({ from = 0 }: { from?: number } = {}): AsyncGenerator<Iterable<LogEntry>> {
    return scanPages(this.#parts.readable, from);
  }

  /** Like {@link scan}, and then every entry as soon as it is durable, until the signal aborts or the log is closed. */
  follow({ from = 0, signal }: { from?: number; signal?: AbortSignal } = {}): AsyncGenerator<LogEntry> {
    return followEntries(
      this.#parts.readable,
      from,
      (wake) => this.#onCommit(wake),
      () => this.#isOver,
      signal,
    );
  }

  /** A reader with a name, whose position is kept with the log; see {@link NamedIterator}. Made when it is new. */
  iterator(name: string): NamedIterator {
    if (!this.#parts.iterators.positions.has(name)) this.#parts.iterators.set(name, this.begin);
    return new NamedIterator(this, name, this.#parts.iterators, () => this.#flusher.due());
  }

  /** Forgets a named iterator, with the next commit. */
  removeIterator(name: string): void {
    this.#parts.iterators.remove(name);
    this.#flusher.due();
  }

  /**
   * Removes all entries before an address, durably when it resolves. The entry that an address lies in the middle of stays.
   * Segment files that hold no other entries are deleted.
   * @returns the log's new begin
   * @throws `invalid_argument` when the address isn't durable yet
   */
  async truncateBefore(address: number): Promise<number> {
    const refused = this.#refused();
    if (refused !== undefined) return refused;
    if (address > this.committed) {
      throw new StoreError("invalid_argument", `${address} lies behind the durable end, ${this.committed}`);
    }
    return this.#poisoning(this.#parts.truncation.before(this.#parts.readable, address));
  }

  /** Like {@link truncateBefore}, but only notes it: it happens with the next commit, and a crash before that undoes it. */
  truncateUntil(address: number): void {
    this.#refuse();
    this.#parts.truncation.note(address);
    this.#flusher.due();
  }

  /** Bytes on disk that truncating before an address would free; default: what no named iterator still has to read. */
  reclaimableSpace(before?: number): number {
    const address = before ?? Math.min(this.committed, ...this.#parts.iterators.positions.values());
    return this.#parts.segments.spaceBefore(address);
  }

  stats(): LogStats {
    const { begin, committed, tail } = this;
    return {
      begin,
      committed,
      tail,
      entries: this.#buffer.nextSequence - this.#parts.truncation.begin.sequence,
      nextSequence: this.#buffer.nextSequence,
      commits: this.#flusher.commits,
      bufferedBytes: this.#buffer.heldBytes,
      segments: this.#parts.segments.all.length,
      iterators: new Map([...this.#parts.iterators.positions].map(([name, at]) => [name, Math.max(at, begin)])),
    };
  }

  /** Reads and verifies every durable entry. What it finds is told, not repaired. */
  selfCheck(): Promise<LogCheck> {
    return verifyEntries(this.#parts.readable);
  }

  /**
   * Commits what was appended, and gives the log up. Rejects when that commit fails, or when an earlier one did that nobody
   * has been told of, and is closed all the same.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      const { failure, isFailureTold } = this.#flusher;
      if (failure !== undefined && !isFailureTold) throw poisoned(this.path, failure);
      if (failure === undefined) {
        await this.#flusher.waitUntil(undefined);
        await this.#parts.truncation.settled();
        await this.#parts.writer.trim();
        await this.#parts.metadata.save({
          durable: this.#flusher.committed,
          iterators: this.#parts.iterators.positions,
        });
      }
    } catch (error) {
      throw StoreError.fromFile(`closing ${this.path}`, error);
    } finally {
      this.#flusher.close();
      this.#wakeFollowers();
      this.#parts.writer.close();
      this.#parts.metadata.close();
      this.#lock.release();
    }
  }

  #afterCommit(): void {
    this.#wakeFollowers();
    const change = this.#parts.truncation.perform(this.#parts.readable);
    // Whoever noted it doesn't wait for it: they learn of a failure by the log being poisoned.
    if (change !== undefined) this.#poisoning(change).catch(() => undefined);
  }

  /** When a change of the metadata fails, nobody knows what is on disk. Damage that hides an entry changes nothing. */
  async #poisoning<T>(change: Promise<T>): Promise<T> {
    try {
      return await change;
    } catch (error) {
      const failure = StoreError.fromFile("changing the log", error);
      if (failure.code !== "corrupt") this.#flusher.fail(failure);
      throw failure;
    }
  }

  #appended(): void {
    this.#flusher.due();
    if (this.#buffer.heldBytes * 2 > this.#settings.bufferBytes) this.#flusher.request();
  }

  #checkAppend(total: number): void {
    this.#refuse();
    if (total > this.#largest) {
      throw new StoreError("too_large", `${total} bytes with headers: an entry or batch has at most ${this.#largest}`);
    }
    if (!this.#buffer.hasRoom(total)) {
      this.#flusher.request();
      throw new StoreError("busy", `${this.path}: the disk is ${this.#buffer.heldBytes} bytes behind the appenders`);
    }
    if (this.#buffer.nextSequence > largestSequence) throw new StoreError("too_large", "the log is out of sequences");
  }

  #onCommit(wake: () => void): () => void {
    this.#followers.add(wake);
    return () => void this.#followers.delete(wake);
  }

  #wakeFollowers(): void {
    for (const wake of this.#followers) wake();
  }

  get #isOver(): boolean {
    if (this.#closing === undefined) this.#refuse();
    return this.#closing !== undefined;
  }

  #refuse(): void {
    if (this.#closing !== undefined) throw new StoreError("closed", `${this.path} is closed`);
    const failure = this.#flusher.failure;
    if (failure === undefined) return;
    this.#flusher.isFailureTold = true;
    throw poisoned(this.path, failure);
  }

  #refused(): Promise<never> | undefined {
    try {
      this.#refuse();
      return undefined;
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

function poisoned(path: string, failure: StoreError): StoreError {
  return new StoreError(
    "poisoned",
    `${path} takes no more entries until it is opened again: ${failure.message}`,
    failure,
  );
}
