import type { LogEntry } from "./messages.ts";

/** What an agent's earlier processes left behind. */
export interface AgentMemory {
  readonly checkpointId: string | null;
  /** The latest checkpoint's data as MessagePack, in parts. */
  readonly snapshot: readonly Uint8Array[] | null;
  /** The entries behind it as MessagePack maps, oldest first. */
  readonly entries: readonly Uint8Array[];
  /** Of the last entry, or of the last that the checkpoint contains; 0 for none. */
  readonly sequence: number;
}

/** Where an agent's log and checkpoints are kept: a narrow view of its service's state. All failures are `SoloError`s. */
export interface AgentStore {
  load(): Promise<AgentMemory>;
  /** Keeps entries, all or none. Appends take effect in the order of the calls. */
  append(entries: readonly LogEntry[]): Promise<{ readonly position: number }>;
  /**
   * Keeps a checkpoint in place of the one before and of the log up to `sequence`.
   * @param data MessagePack, in parts, which are not written to any more
   */
  saveCheckpoint(
    data: readonly Uint8Array[],
    sequence: number,
  ): Promise<{ readonly id: string; readonly bytes: number }>;
}
