import { SoloError } from "../../api/error.ts";
import type { FileSystem } from "../../store/index.ts";
import type { Clock } from "../../system/index.ts";
import type { ServiceState } from "../core/types.ts";
import { type PastState, type Point, pastOn, pastState, waysTo } from "./point.ts";
import { readBatches } from "./read-file.ts";
import type { StoredInfo } from "./retention.ts";
import type { CheckpointShelf, CheckpointTrouble } from "./shelf.ts";

/** A point of the past that can be gone back to. */
export interface SoundPast extends PastState {
  /** Of the copy of its checkpoint that is sound. */
  readonly path: string | undefined;
  readonly base: StoredInfo | undefined;
}

export interface PastParts {
  readonly files: FileSystem;
  readonly shelf: CheckpointShelf;
  readonly clock: Clock;
  readonly onTrouble: (trouble: CheckpointTrouble) => void;
}

/** The points of a service's past, by way of checkpoints whose every byte is what was written. */
export class SoundPasts {
  readonly #parts: PastParts;

  constructor(parts: PastParts) {
    this.#parts = parts;
  }

  /** See {@link ServiceCheckpoints.past}. */
  of(point: Point, state: ServiceState | undefined): Promise<SoundPast> {
    return state === undefined ? this.#withoutLog(point) : this.#onLog(point, state);
  }

  async #onLog(point: Point, state: ServiceState): Promise<SoundPast> {
    const { files, shelf, clock, onTrouble } = this.#parts;
    let last: SoloError | undefined;
    for (const damaged of shelf.catalog.damaged()) onTrouble({ type: "damaged", copy: damaged });
    for (const way of waysTo(point, shelf.catalog.list(), state, clock.now())) {
      try {
        const copy = way.base && (await shelf.sound(way.base.id));
        const past = await pastOn(way, state, () => readBatches(files, copy?.path ?? ""));
        return { ...past, base: way.base, path: copy?.path };
      } catch (error) {
        last = SoloError.from(error);
        if (last.code !== "storage_corrupt" && !(last.code === "conflict" && way.base !== undefined)) throw last;
      }
    }
    throw last ?? new SoloError("conflict", "nothing leads to that point");
  }

  async #withoutLog(point: Point): Promise<SoundPast> {
    const { files, shelf } = this.#parts;
    if (!("id" in point)) {
      throw new SoloError("conflict", "the state's own log can't be read, so it goes back to checkpoints only", {
        hint: "name one; `solo checkpoint list NAME` shows them",
      });
    }
    const base = shelf.catalog.get(point.id);
    const { path } = await shelf.sound(base.id);
    return { ...pastState(base, () => readBatches(files, path)), base, path };
  }
}
