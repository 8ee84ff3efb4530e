import { SoloError } from "../../api/index.ts";
import type { ChainPoint } from "./record.ts";
import { lineBytes } from "./record.ts";
import type { TrailStorage } from "./storage.ts";

/** Records that wait for the disk: beyond these, operations are refused rather than held in memory. */
const maxWaiting = 20_000;

interface Waiting {
  readonly members: string;
  readonly essential: boolean;
  readonly resolve: (point: ChainPoint) => void;
  readonly reject: (error: SoloError) => void;
}

/** Whoever appends while a group is being written shares the next one: one write and one sync of each file for all of it. */
export class CommitQueue {
  readonly #storage: () => Promise<TrailStorage>;
  readonly #onCommit: () => void;
  readonly #onFailure: (error: SoloError) => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(
    storage: () => Promise<TrailStorage>,
    told: { readonly onCommit: () => void; readonly onFailure: (error: SoloError) => void },
  ) {
    this.#storage = storage;
    this.#onCommit = told.onCommit;
    this.#onFailure = told.onFailure;
  }

  /**
   * Resolves with its place when the record is durable.
   * @param essential whether it may use the reserve when the disk is full
   * @throws SoloError `audit_unavailable` when it can't be made so; it is not in the trail then
   */
  append(members: string, essential: boolean): Promise<ChainPoint> {
    if (this.#waiting.length >= maxWaiting) return Promise.reject(unavailable("too many records wait for the disk"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ members, essential, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever comes in this turn of the event loop is in the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#commit();
    this.#running = undefined;
  }

  async #commit(): Promise<void> {
    let group: readonly Waiting[] = [];
    try {
      const storage = await this.#storage();
      group = this.#take(storage.groupBytes);
      await this.#write(storage, group, false);
    } catch (error) {
      const failure = unavailable(error instanceof Error ? error.message : String(error), error);
      if (group.length === 0) group = this.#waiting.splice(0);
      for (const { reject } of group) reject(failure);
      this.#onFailure(failure);
    }
    this.#onCommit();
  }

  /** When there is no room for all, those that may use the reserve are written alone. */
  async #write(storage: TrailStorage, group: readonly Waiting[], essential: boolean): Promise<void> {
    try {
      const points = await storage.append(
        group.map(({ members }) => members),
        essential,
      );
      for (const [index, point] of points.entries()) group[index]?.resolve(point);
    } catch (error) {
      const rest = group.filter((waiting) => waiting.essential);
      if (essential || rest.length === 0) throw error;
      const failure = unavailable(error instanceof Error ? error.message : String(error), error);
      for (const waiting of group) if (!waiting.essential) waiting.reject(failure);
      this.#onFailure(failure);
      await this.#write(storage, rest, true).catch((again: unknown) => {
        for (const { reject } of rest)
          reject(unavailable(again instanceof Error ? again.message : String(again), again));
      });
    }
  }

  #take(bytes: number): Waiting[] {
    let total = 0;
    let count = 0;
    for (const { members } of this.#waiting) {
      total += lineBytes(members);
      if (count > 0 && total > bytes) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

function unavailable(reason: string, cause?: unknown): SoloError {
  return new SoloError("audit_unavailable", `the audit trail can't be written, so nothing was done: ${reason}`, {
    hint: "see to the file system of the data folder (space: `df`, errors: `dmesg`); `solo kill` and `solo stop` work meanwhile",
    cause,
  });
}
