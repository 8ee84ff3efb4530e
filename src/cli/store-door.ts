/**
 * What the command line needs of the store's files, which it looks at by path and without a kernel. `src/main.ts` hands it
 * over, so that nothing under `cli` imports the store. What it throws is a `SoloError`.
 */
export interface StoreDoor {
  readonly log: LogDoor;
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
