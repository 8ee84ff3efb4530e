import { rm } from "node:fs/promises";
import { SoloError } from "../../api/error.ts";
import type { FileSystem } from "../../store/index.ts";
import {
  captureFolders,
  extractFolders,
  type FilesBlock,
  type Frozen,
  fingerprint,
  freezeFolders,
  present,
  type Swap,
  swapFolders,
} from "./folders/index.ts";
import { readBlocks, readInfo } from "./read-file.ts";

/** What a service of mode `external` keeps itself. */
export interface External {
  /** Absolute. */
  readonly folders: readonly string[];
  /**
   * Stops the service's processes where they are; the returned function lets them go on.
   * @throws SoloError when one of them goes on in spite of it
   */
  pause(): Promise<() => void>;
}

/**
 * The declared folders of one service: captured while its processes stand still (only until their files are cloned, where
 * the file system can), and put back as they were.
 */
export class ExternalFolders {
  readonly #external: () => External | undefined;
  /** Of the last capture. */
  #fingerprint: string | undefined;

  constructor(external: () => External | undefined) {
    this.#external = external;
  }

  async haveChanged(): Promise<boolean> {
    const external = this.#external();
    return external !== undefined && (await this.#inFolders(() => fingerprint(external.folders))) !== this.#fingerprint;
  }

  /** Runs the writing of a checkpoint, which takes the blocks of the folders, if there are any. */
  async still<Result>(write: (files: AsyncIterable<FilesBlock> | undefined) => Promise<Result>): Promise<Result> {
    const external = this.#external();
    if (external === undefined) return write(undefined);
    let goOn: (() => void) | undefined = await external.pause();
    let frozen: Frozen | undefined;
    try {
      const before = await this.#inFolders(() => fingerprint(external.folders));
      frozen = await this.#inFolders(() => freezeFolders(external.folders));
      if (frozen !== undefined) {
        goOn();
        goOn = undefined;
      }
      const sources = frozen?.sources ?? external.folders.map(present);
      const result = await this.#inFolders(() => write(captureFolders(sources)));
      this.#fingerprint = before;
      return result;
    } finally {
      goOn?.();
      await frozen?.release();
    }
  }

  /**
   * Writes the captured files of a checkpoint beside the folders.
   * @returns what is to be swapped for them to take their place
   */
  async prepare(files: FileSystem, path: string): Promise<readonly Swap[]> {
    const external = this.#external();
    const { id, files: count } = readInfo(files, path);
    if (external === undefined || count === 0) return [];
    const swaps = external.folders.map(
      (folder): Swap => ({ folder, next: `${folder}.${id}.next`, before: `${folder}.${id}.before` }),
    );
    const targets = swaps.map(({ next }) => next);
    const clear = () => Promise.all(targets.map((target) => rm(target, { recursive: true, force: true })));
    // What an attempt that was cut short left.
    await clear();
    try {
      await this.#inFolders(() => extractFolders(readBlocks(files, path), targets));
    } catch (error) {
      await clear();
      throw error;
    }
    return swaps;
  }

  swap(stateFolder: string, swaps: readonly Swap[]): Promise<void> {
    return this.#inFolders(() => swapFolders(stateFolder, swaps));
  }

  async #inFolders<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SoloError) throw error;
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "ENOENT" && code !== "ENOTDIR") throw SoloError.from(error);
      throw new SoloError(
        "conflict",
        `a declared folder can't be captured: ${error instanceof Error ? error.message : error}`,
        {
          hint: "make it, or correct `state.folders` in solo.toml",
          cause: error,
        },
      );
    }
  }
}
