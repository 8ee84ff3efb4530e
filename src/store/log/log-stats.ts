/** What an open log tells of itself at once. */
export interface LogStats {
  /** Addresses: everything before `begin` is gone, before `committed` durable, before `tail` appended. */
  readonly begin: number;
  readonly committed: number;
  readonly tail: number;
  /** Entries between begin and tail. */
  readonly entries: number;
  /** The sequence that the next entry gets. */
  readonly nextSequence: number;
  /** Commits since it was opened. */
  readonly commits: number;
  /** Bytes of memory that hold entries not yet durable. */
  readonly bufferedBytes: number;
  readonly segments: number;
  /** Of each named iterator the address before which everything is completed or gone. */
  readonly iterators: ReadonlyMap<string, number>;
}
