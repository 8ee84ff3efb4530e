/**
 * What the command line needs of the store's files, which it looks at by path and without a kernel. `src/main.ts` hands it
 * over, so that nothing under `cli` imports the store. What it throws is a `SoloError`.
 */
export interface StoreDoor {
  readonly log: LogDoor;
  readonly keyValue: KeyValueDoor;
}

export interface LogDoor {
  /** @param full verify every entry instead of the last ones only */
  inspect(path: string, options: { readonly full: boolean }): Promise<LogDocument>;
  stats(path: string): Promise<LogStatsDocument>;
  /** Opens the log and cuts it at its first damaged entry. */
  repair(path: string): Promise<LogRepairDocument>;
  /** Opens the log and removes what lies before an address; `dryRun` only tells what that would do. */
  truncate(path: string, before: number, options: { readonly dryRun: boolean }): Promise<LogTruncateDocument>;
}

/** A log as its files tell of it. Addresses are bytes of the log and never used again; other bytes are those on disk. */
export interface LogDocument {
  readonly path: string;
  readonly format: number;
  readonly live: boolean;
  /** `damaged` means lost entries: it can't be opened without repair. `torn` is what a crash leaves, and opening cuts off. */
  readonly state: "clean" | "torn" | "damaged";
  readonly begin: number;
  readonly end: number;
  readonly durable: number;
  readonly first_sequence: number;
  readonly next_sequence: number;
  readonly entries: number;
  readonly bytes: number;
  readonly behind_end: { readonly bytes: number; readonly entries: number };
  readonly whole_metadata_slots: number;
  readonly segments: readonly {
    readonly file: string;
    readonly base: number;
    readonly bytes: number;
    readonly whole: boolean;
  }[];
  readonly iterators: readonly { readonly name: string; readonly position: number; readonly lag_bytes: number }[];
}

export interface LogStatsDocument {
  readonly path: string;
  readonly live: boolean;
  readonly entries: number;
  readonly payload_bytes: number;
  readonly overhead_bytes: number;
  readonly smallest_entry_bytes: number;
  readonly largest_entry_bytes: number;
  readonly mean_entry_bytes: number;
  readonly segments: number;
  readonly bytes: number;
  /** What truncating before the slowest named iterator would free. */
  readonly reclaimable_bytes: number;
  readonly sizes: readonly { readonly up_to_bytes: number; readonly entries: number }[];
}

export interface LogRepairDocument {
  readonly path: string;
  /** Whether anything was cut; the rest tells what. */
  readonly repaired: boolean;
  readonly end: number;
  readonly entries: number;
  readonly lost_bytes: number;
  readonly lost_entries: number;
}

export interface LogTruncateDocument {
  readonly path: string;
  readonly begin: number;
  readonly previous_begin: number;
  readonly removed_entries: number;
  readonly freed_bytes: number;
}

export interface KeyValueDoor {
  /** @param full verify every page, commit and checkpoint instead of what opening would read */
  inspect(path: string, options: { readonly full: boolean }): Promise<KeyValueDocument>;
  stats(path: string): Promise<KeyValueStatsDocument>;
  /** Opens the store at the newest state that is whole; `dryRun` only tells what that would do. */
  repair(path: string, options: { readonly dryRun: boolean }): Promise<KeyValueRepairDocument>;
  /** Frees the space of what was replaced and deleted. Refuses a store that is open. */
  compact(path: string): Promise<KeyValueCompactDocument>;
}

/** A key-value store as its files tell of it. Positions are bytes of its log and never used again; other bytes are those on disk. */
export interface KeyValueDocument {
  readonly path: string;
  readonly format: number;
  readonly live: boolean;
  /** `damaged` means that `damages` isn't empty. `torn` is what a crash leaves, and opening cuts off. */
  readonly state: "clean" | "torn" | "damaged";
  readonly begin: number;
  /** Where opening takes up: behind the last commit, or where a newer snapshot ends. */
  readonly end: number;
  readonly committed: number;
  readonly durable: number;
  readonly generation: number;
  readonly version: number;
  readonly page_bytes: number;
  readonly segment_bytes: number;
  /** Of all segments. */
  readonly bytes: number;
  readonly behind_end_bytes: number;
  readonly segments: readonly { readonly file: string; readonly bytes: number }[];
  readonly sessions: readonly { readonly name: string; readonly serial: number }[];
  readonly checkpoints: readonly KeyValueCheckpoint[];
  /** Checkpoints whose metadata is damaged. */
  readonly unreadable_checkpoints: readonly string[];
  readonly set_aside_checkpoints: readonly string[];
  readonly damages: readonly { readonly file: string; readonly offset: number; readonly problem: string }[];
}

export interface KeyValueCheckpoint {
  readonly id: string;
  readonly kind: "fold-over" | "snapshot" | "delta" | "index";
  readonly created: string;
  readonly generation: number;
  readonly version: number;
  readonly begin: number;
  readonly end: number;
  readonly bytes: number;
  readonly base: string | null;
  readonly whole: boolean;
  /** Why it isn't whole. */
  readonly problem: string | null;
}

export interface KeyValueStatsDocument {
  readonly path: string;
  readonly live: boolean;
  readonly keys: number;
  readonly key_bytes: number;
  readonly value_bytes: number;
  readonly smallest_value_bytes: number;
  readonly largest_value_bytes: number;
  readonly mean_value_bytes: number;
  readonly segments: number;
  readonly checkpoints: number;
  /** Of the log on disk; space that has been freed within its files doesn't count. */
  readonly bytes: number;
  readonly live_bytes: number;
  /** About what compacting would free. */
  readonly reclaimable_bytes: number;
  readonly sizes: readonly { readonly up_to_bytes: number; readonly keys: number }[];
}

export interface KeyValueRepairDocument {
  readonly path: string;
  readonly repaired: boolean;
  readonly problems: readonly string[];
  readonly set_aside_checkpoints: readonly string[];
  /** The checkpoint that it went back to, when that is newer than the log's last whole commit. */
  readonly checkpoint: string | null;
  readonly end: number;
  readonly lost_bytes: number;
}

export interface KeyValueCompactDocument {
  readonly path: string;
  readonly begin: number;
  readonly previous_begin: number;
  readonly moved_records: number;
  readonly bytes_before: number;
  readonly bytes_after: number;
  readonly freed_bytes: number;
  readonly removed_checkpoints: readonly string[];
}
