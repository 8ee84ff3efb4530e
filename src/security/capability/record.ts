/** A capability as it is kept. Times are wall milliseconds. */
export interface CapabilityRecord {
  readonly id: string;
  /** SHA-256 of the token. */
  readonly hash: Uint8Array;
  readonly tenant: string;
  /** `service:NAME`, `tenant` or `*`. */
  readonly resource: string;
  readonly permissions: readonly string[];
  readonly holder: string | null;
  readonly parent: string | null;
  readonly created: number;
  /** Never later than its parent's; null: never. */
  readonly expires: number | null;
  readonly revoked: number | null;
  /** Operations per second, and in all; null: no limit of its own. */
  readonly rate: number | null;
  readonly calls: number | null;
  /** Operations that count as used: at least those that were. */
  readonly used: number;
  /** The instance that it was made for at its start. */
  readonly instance: string | null;
}

/** Where capabilities are kept. Every method throws what the disk refuses, and has then changed nothing. */
export interface CapabilityTable {
  all(): CapabilityRecord[];
  /** The instances that have one of their own. */
  instances(): string[];
  /** Durable on return, save for an instance's: that survives the kernel, and no instance survives the machine. */
  add(record: CapabilityRecord): void;
  /** All or none, durable on return. */
  revoke(ids: readonly string[], time: number): void;
  saveUsed(id: string, used: number): void;
  remove(ids: readonly string[]): void;
  /** The latest wall time that was ever noted; 0 when none was. */
  latestTime(): number;
  noteTime(time: number): void;
}
