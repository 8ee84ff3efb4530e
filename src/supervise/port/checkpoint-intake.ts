import type { RawMessage } from "../../api/frames/index.ts";
import { SoloError } from "../../api/index.ts";
import { checkpointData } from "./checkpoint-data.ts";
import type { AgentStore } from "./store.ts";

export interface CheckpointIntakeOptions {
  readonly store: AgentStore;
  readonly onKept: (checkpoint: { readonly id: string; readonly bytes: number; readonly sequence: number }) => void;
  /** It could not be kept. */
  readonly onFailed: (reason: string) => void;
  /** It was not even tried. */
  readonly onRefused: (reason: string) => void;
}

/** Takes an agent's checkpoints, one at a time: the one before stays until the next one is kept. */
export class CheckpointIntake {
  readonly #options: CheckpointIntakeOptions;
  #isSaving = false;

  constructor(options: CheckpointIntakeOptions) {
    this.#options = options;
  }

  /**
   * @param range where its data lies in the message
   * @param sequence of the last entry that it contains
   * @param taken the last entry that has come
   */
  take(
    raw: RawMessage,
    range: readonly [number, number],
    isCompressed: boolean,
    sequence: number,
    taken: number,
  ): void {
    if (this.#isSaving) this.#options.onRefused("the one before is not kept yet");
    else if (sequence > taken) this.#options.onRefused(`there is no entry ${sequence} yet`);
    else void this.#keep(checkpointData(raw, range, isCompressed), sequence);
  }

  async #keep(data: Promise<Uint8Array[]>, sequence: number): Promise<void> {
    this.#isSaving = true;
    try {
      this.#options.onKept({ ...(await this.#options.store.saveCheckpoint(await data, sequence)), sequence });
    } catch (error) {
      this.#options.onFailed(SoloError.from(error).message);
    } finally {
      this.#isSaving = false;
    }
  }
}
