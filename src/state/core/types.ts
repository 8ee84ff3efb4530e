import type { SoloError } from "../../api/error.ts";
import type { DurableLog, StoreStats } from "../../store/index.ts";
import type { Space } from "./space.ts";

/** A change of one key. */
export type Mutation =
  | { readonly op: "put"; readonly space: Space; readonly key: string; readonly value: Uint8Array }
  | { readonly op: "delete"; readonly space: Space; readonly key: string };

/** What a key holds. */
export interface Stored {
  /** Never written to: it may be shared. */
  readonly value: Uint8Array;
  /** Position of the entry that wrote it last. */
  readonly version: number;
}

export interface StateEntry extends Stored {
  readonly space: Space;
  readonly key: string;
}

/** An entry of the log: mutations that take effect together. */
export interface LogRecord {
  /** Grows with every entry of a service and is never used again. There may be gaps, after a crash. */
  readonly position: number;
  /** When it was appended, in milliseconds since 1970. */
  readonly time: number;
  /** Who wrote it: an instance, an operation. */
  readonly origin: string;
  readonly mutations: readonly Mutation[];
}

/** Which keys of a space: those that begin with `prefix` and lie behind `after`, at most `limit`. Order is that of UTF-8 bytes. */
export interface Range {
  readonly prefix?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** The present, as a `decide` of a commit sees it. Valid only during the call. */
export interface View {
  /** Of the last entry. */
  readonly position: number;
  /** That the entry of this commit will have. */
  readonly next: number;
  /** The time that the entry of this commit will bear. */
  readonly time: number;
  get(space: Space, key: string): Stored | undefined;
  entries(space: Space, range?: Range): Iterable<StateEntry>;
}

/**
 * When a commit counts as done. `sync`: the log's part is synced (commits that wait together share one sync); `async`: at
 * once, a crash of the machine or kernel loses at most the last 50 ms; `checkpoint`: at once, durable at the latest with
 * the next flush, checkpoint or clean close.
 */
export type StateDurability = "sync" | "async" | "checkpoint";

/** Names a request, so that repeating it changes nothing. */
export interface ReplySlot {
  readonly client: string;
  /** Counts a client's requests. At most `replyWindow` of them may be unanswered: an older one's answer is forgotten. */
  readonly sequence: number;
  /** The answer to remember; called after `decide`. */
  answer(): Uint8Array;
}

export interface CommitOptions {
  readonly origin: string;
  /** Default: the state's own. */
  readonly durability?: StateDurability | undefined;
  readonly reply?: ReplySlot | undefined;
}

export interface Committed {
  readonly position: number;
  /** When the request had been applied before: the answer that it got then. `decide` was not called. */
  readonly remembered?: Uint8Array;
}

/** What a watcher is told of a key. */
export interface StateChange {
  readonly position: number;
  readonly time: number;
  readonly space: Space;
  readonly key: string;
  readonly op: "put" | "delete";
  readonly value?: Uint8Array;
}

/** The state at one position. Writers go on; what they replace is kept until it is closed. */
export interface Snapshot {
  readonly position: number;
  readonly time: number;
  readonly keys: number;
  /** Of keys and values. */
  readonly bytes: number;
  entries(): AsyncIterable<StateEntry>;
  /** The same without a promise for each: who reads it all gives the event loop its turns. */
  all(): Iterable<StateEntry>;
  close(): void;
}

/** What `reset` fills a state with. */
export interface StateSource {
  entries(): AsyncIterable<SourceEntry>;
  /** The same, many at a time, if it can: taken instead of `entries`. */
  batches?(): AsyncIterable<Iterable<SourceEntry>>;
}

export type SourceEntry = Pick<StateEntry, "space" | "key" | "value">;

export interface StateStats {
  readonly position: number;
  readonly keys: number;
  readonly bytes: number;
  /** Of the space `data`, which quotas count. */
  readonly data_keys: number;
  readonly data_bytes: number;
  readonly wal_bytes: number;
  readonly wal_entries: number;
  /** Position of the oldest entry that history still has; 0 when it has none. */
  readonly begin_position: number;
  readonly flushed_position: number;
  /** Milliseconds since 1970; null before the first flush. */
  readonly last_flush: number | null;
  /** Why the last flush failed: the log has what the table lacks. Null when it did not. */
  readonly flush_problem: string | null;
  readonly recovery: StateRecovery;
  /** Of the engines under it; the table's rests when nothing was flushed for a minute. */
  readonly log: ReturnType<DurableLog["stats"]>;
  readonly table: StoreStats | undefined;
}

/** What opening found. */
export interface StateRecovery {
  readonly replayed: number;
  readonly took_ms: number;
  /** Whether the state was closed in order before. */
  readonly clean: boolean;
}

export interface StateQuota {
  /** Of keys and values of the space `data`, in UTF-8. */
  readonly max_bytes?: number | undefined;
  readonly max_keys?: number | undefined;
}

/** What may change while a state is open: a redeployment brings new settings. */
export interface StateSettings {
  readonly durability: StateDurability;
  /** From a change until the table on disk has it. */
  readonly flush_ms: number;
  /** Patterns of keys of `data`, such as `cache:*`: a change of one is flushed at once. */
  readonly flushed_at_once: readonly string[];
  readonly quota: StateQuota;
}

/** A service's durable state: one table of spaces of keys, written through one log. */
export interface ServiceState {
  /** Of the last applied entry. */
  readonly position: number;
  readonly durability: StateDurability;
  /** What made it take no more writes: it must be closed and opened again. */
  readonly failure: SoloError | undefined;
  get(space: Space, key: string): Stored | undefined;
  /** Everything that a range holds, at one moment. */
  page(space: Space, range?: Range): readonly StateEntry[];
  /** Like `page`, without holding it all: the state as it was when the first entry is asked for. */
  scan(space: Space, range?: Range): AsyncIterable<StateEntry>;
  /**
   * Appends one entry. `decide` sees the present and runs without a gap before the append, so that reads and writes of one
   * commit are isolated; what it throws rejects the commit, and nothing is changed. Commits take effect in the order of
   * their calls.
   * @throws SoloError what `decide` returned, `limit_exceeded` for a quota, or a failure of the disk
   */
  commit(decide: (view: View) => readonly Mutation[] | SoloError, options: CommitOptions): Promise<Committed>;
  /**
   * Follows the log: every durable change after a position (default: the present one), then what comes, until the signal
   * aborts or the state is closed.
   * @throws SoloError `conflict` when the history after that position is gone
   */
  watch(
    space: Space,
    options?: { prefix?: string | undefined; after?: number | undefined; signal?: AbortSignal | undefined },
  ): AsyncIterable<StateChange>;
  snapshot(): Snapshot;
  /**
   * Durable records after a position, oldest first, to the present end.
   * @throws SoloError `conflict` when some of them are gone
   */
  history(after: number): AsyncIterable<LogRecord>;
  /**
   * Replaces everything but the space `reply` by what the source holds, as one entry with a new position. Writers wait.
   * @returns its position
   */
  reset(source: StateSource, origin: string): Promise<{ readonly position: number }>;
  /** Forgets records before a position. Only what the flushed table has can go. Returns the position history begins at. */
  truncateHistory(before: number): Promise<number>;
  /** Brings everything up to now into the table on disk. */
  flush(): Promise<void>;
  configure(settings: Partial<StateSettings>): void;
  stats(): StateStats;
  close(): Promise<void>;
}
