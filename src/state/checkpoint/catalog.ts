import { join } from "node:path";
import { checkpointIdPattern } from "../../api/checkpoints.ts";
import { SoloError } from "../../api/error.ts";
import { type FileSystem, StoreError } from "../../store/index.ts";
import { stateFailure } from "../failure/index.ts";
import { headerBytes } from "./header.ts";
import { byCreation } from "./info.ts";
import { checkDigest, readInfo } from "./read-file.ts";
import type { StoredInfo } from "./retention.ts";
import { unfinished } from "./write-file.ts";

/** Where a copy of a checkpoint lies. */
export type CopyKind = "first" | "second";

export interface Copy {
  readonly kind: CopyKind;
  readonly path: string;
}

/** A copy that can't be used. */
export interface DamagedCopy extends Copy {
  readonly id: string;
  readonly problem: SoloError;
}

export interface CatalogOptions {
  readonly files: FileSystem;
  readonly folder: string;
  /** Of the second copies, if there are any. */
  readonly backupFolder?: string | undefined;
}

const extension = ".checkpoint";

/** The checkpoints of one service, as they lie on the disk. */
export class CheckpointCatalog {
  readonly #files: FileSystem;
  readonly #folders: readonly (readonly [CopyKind, string])[];
  /** Headers never change. */
  readonly #known = new Map<string, StoredInfo>();

  constructor({ files, folder, backupFolder }: CatalogOptions) {
    this.#files = files;
    this.#folders =
      backupFolder === undefined
        ? [["first", folder]]
        : [
            ["first", folder],
            ["second", backupFolder],
          ];
  }

  /** Whole headers, oldest first: of the first copy, or of the second when that of the first is damaged or gone. */
  list(): StoredInfo[] {
    return this.#read().found.toSorted(byCreation);
  }

  /** Copies whose header can't be read, or that have another length than it says. */
  damaged(): readonly DamagedCopy[] {
    return this.#read().damaged;
  }

  /**
   * A checkpoint by its id, or the newest by `latest`.
   * @throws SoloError `not_found`, or `storage_corrupt` when no copy of it has a whole header
   */
  get(id: string): StoredInfo {
    const { found, damaged } = this.#read();
    const info = id === "latest" ? found.toSorted(byCreation).at(-1) : found.find((one) => one.id === id);
    if (info !== undefined) return info;
    const broken = damaged.find((one) => one.id === id);
    if (broken !== undefined) throw broken.problem;
    throw new SoloError("not_found", id === "latest" ? "there is no checkpoint yet" : `there is no checkpoint ${id}`, {
      hint: "`solo checkpoint list NAME` shows those that there are",
    });
  }

  /** The copies of a checkpoint that exist. */
  copies(id: string): Copy[] {
    return this.#folders.flatMap(([kind, folder]) =>
      this.#names(folder).includes(id + extension) ? [{ kind, path: join(folder, id + extension) }] : [],
    );
  }

  /** Where a new checkpoint goes. */
  pathOf(id: string, kind: CopyKind = "first"): string | undefined {
    const folder = this.#folders.find(([one]) => one === kind)?.[1];
    return folder && join(folder, id + extension);
  }

  /**
   * The first copy whose body is what was written; what is wrong with those before it goes to `onDamage`.
   * @throws SoloError `storage_corrupt` when none is
   */
  async sound(id: string, onDamage: (copy: DamagedCopy) => void): Promise<Copy> {
    let last: SoloError | undefined;
    for (const copy of this.copies(id)) {
      try {
        await checkDigest(this.#files, copy.path);
        return copy;
      } catch (error) {
        last = fileProblem(error, copy.path);
        onDamage({ ...copy, id, problem: last });
      }
    }
    throw last ?? new SoloError("not_found", `there is no checkpoint ${id}`);
  }

  /** Deletes every copy, the first one last: until then the checkpoint counts. */
  async remove(id: string): Promise<void> {
    for (const [, folder] of [...this.#folders].reverse()) {
      if (!this.#names(folder).includes(id + extension)) continue;
      await this.#files.remove(join(folder, id + extension));
      await this.#files.syncFolder(folder);
    }
    this.#known.delete(id);
  }

  /** Removes what was being written when a kernel died. Only while nobody writes. */
  async sweep(): Promise<void> {
    for (const [, folder] of this.#folders) {
      for (const name of this.#names(folder)) {
        if (name.endsWith(unfinished)) await this.#files.remove(join(folder, name));
      }
    }
  }

  #read(): { found: StoredInfo[]; damaged: DamagedCopy[] } {
    const found = new Map<string, StoredInfo>();
    const damaged: DamagedCopy[] = [];
    for (const [kind, folder] of this.#folders) {
      for (const name of this.#names(folder)) {
        const id = name.slice(0, -extension.length);
        if (!name.endsWith(extension) || !checkpointIdPattern.test(id) || found.has(id)) continue;
        const path = join(folder, name);
        try {
          const info = this.#known.get(id) ?? this.#info(path, id);
          this.#known.set(id, info);
          found.set(id, info);
        } catch (error) {
          damaged.push({ id, kind, path, problem: fileProblem(error, path) });
        }
      }
    }
    return { found: [...found.values()], damaged };
  }

  #info(path: string, id: string): StoredInfo {
    const info = readInfo(this.#files, path);
    if (info.id !== id) throw new SoloError("storage_corrupt", `it is checkpoint ${info.id} under another's name`);
    return { ...info, stored_bytes: headerBytes + info.body_bytes };
  }

  #names(folder: string): string[] {
    try {
      return this.#files.list(folder);
    } catch (error) {
      if (StoreError.fromFile("listing", error).code === "not_found") return [];
      throw stateFailure(StoreError.fromFile(`listing ${folder}`, error));
    }
  }
}

/** What is wrong with a file, naming it. */
export function fileProblem(thrown: unknown, path: string): SoloError {
  const error = thrown instanceof SoloError ? thrown : stateFailure(StoreError.fromFile("reading it", thrown));
  const { code, message, hint, applied } = error;
  return new SoloError(code, `${path}: ${message}`, { applied, cause: thrown, ...(hint !== null && { hint }) });
}
