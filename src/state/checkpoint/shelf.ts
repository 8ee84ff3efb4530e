import { basename } from "node:path";
import { type Applied, SoloError } from "../../api/error.ts";
import { type FileSystem, StoreError } from "../../store/index.ts";
import { stateFailure } from "../failure/index.ts";
import { CheckpointCatalog, type Copy, type DamagedCopy, fileProblem } from "./catalog.ts";
import { copyCheckpoint, makeFolder } from "./copy-file.ts";
import type { CheckpointInfo } from "./info.ts";
import type { StoredInfo } from "./retention.ts";
import { type CheckpointContent, type Unwritten, writeCheckpoint } from "./write-file.ts";

/** What is told aloud: a copy that can't be used, and a second copy that couldn't be made. */
export type CheckpointTrouble =
  | { readonly type: "damaged"; readonly copy: DamagedCopy }
  | { readonly type: "no_second_copy"; readonly id: string; readonly problem: SoloError };

export interface ShelfOptions {
  readonly files: FileSystem;
  readonly folder: string;
  readonly backupFolder?: string | undefined;
  readonly onTrouble: (trouble: CheckpointTrouble) => void;
}

/** Puts checkpoints' files where they belong, with their second copies, and takes them away. Its errors are `SoloError`s. */
export class CheckpointShelf {
  readonly catalog: CheckpointCatalog;
  readonly #options: ShelfOptions;
  #isReady = false;

  constructor(options: ShelfOptions) {
    this.#options = options;
    this.catalog = new CheckpointCatalog(options);
  }

  /** Writes a new checkpoint. */
  async write(about: Unwritten, content: CheckpointContent): Promise<StoredInfo> {
    await this.prepare();
    const { files } = this.#options;
    await inFiles("writing a checkpoint", () => writeCheckpoint(files, this.#first(about.id), about, content));
    return this.catalog.get(about.id);
  }

  /** Takes a copy of a file under a header of its own. */
  async take(from: string, info: CheckpointInfo): Promise<StoredInfo> {
    await this.prepare();
    const { files } = this.#options;
    await inFiles("copying a checkpoint", () => copyCheckpoint(files, from, this.#first(info.id), info));
    await this.copyToSecond(info.id);
    return this.catalog.get(info.id);
  }

  /** A second copy that can't be made is told of, and the first one counts all the same. */
  async copyToSecond(id: string): Promise<void> {
    const second = this.catalog.pathOf(id, "second");
    if (second === undefined) return;
    const { files } = this.#options;
    try {
      await makeFolder(files, second.slice(0, -basename(second).length - 1));
      await copyCheckpoint(files, this.#first(id), second);
    } catch (error) {
      this.#options.onTrouble({ type: "no_second_copy", id, problem: fileProblem(error, second) });
    }
  }

  /** Copies a checkpoint out, to a file that must not be there. */
  async giveOut(id: string, file: string): Promise<void> {
    const { files } = this.#options;
    const copy = await this.sound(id);
    if (this.#exists(file)) {
      throw new SoloError("conflict", `${file} is there already`, { hint: "choose another name, or remove it first" });
    }
    await inFiles(`writing ${file}`, () => copyCheckpoint(files, copy.path, file));
  }

  remove(id: string): Promise<void> {
    return inFiles("deleting it", () => this.catalog.remove(id), "unknown");
  }

  /** A copy whose body is what was written; what is wrong with others is told of. */
  sound(id: string): Promise<Copy> {
    return this.catalog.sound(id, (copy) => this.#options.onTrouble({ type: "damaged", copy }));
  }

  /** Makes the folder, and removes what was being written when a kernel died. */
  async prepare(): Promise<void> {
    if (this.#isReady) return;
    const { files, folder } = this.#options;
    await inFiles("making the folder of the checkpoints", () => makeFolder(files, folder));
    await this.catalog.sweep();
    this.#isReady = true;
  }

  #exists(file: string): boolean {
    try {
      this.#options.files.open(file, "read").close();
      return true;
    } catch (error) {
      if (StoreError.fromFile("looking for it", error).code === "not_found") return false;
      throw fileProblem(error, file);
    }
  }

  #first(id: string): string {
    const path = this.catalog.pathOf(id, "first");
    if (path === undefined) throw new Error("there is always a folder of first copies");
    return path;
  }
}

/** @param applied whether anything has changed when it fails: a copy that is not whole is none, and is removed */
async function inFiles<Result>(doing: string, work: () => Promise<Result>, applied: Applied = "no"): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SoloError) throw error;
    throw stateFailure(StoreError.fromFile(doing, error), applied);
  }
}
