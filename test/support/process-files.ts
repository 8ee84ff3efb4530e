import type { FileLock, FileSystem, OpenMode, StoreFile } from "../../src/store/index.ts";
import { PowerLoss } from "./faulty-files/index.ts";

/** A file system as one process sees it: when the process has ended, it does nothing more, not even tidy up. */
export class ProcessFiles implements FileSystem {
  readonly #files: FileSystem;
  #ended = false;

  constructor(files: FileSystem) {
    this.#files = files;
  }

  end(): void {
    this.#ended = true;
  }

  open(path: string, mode: OpenMode): StoreFile {
    return this.#living.open(path, mode);
  }

  rename(from: string, to: string): void {
    this.#living.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await this.#living.remove(path);
  }

  async removeFolder(folder: string): Promise<void> {
    await this.#living.removeFolder(folder);
  }

  list(folder: string): string[] {
    return this.#living.list(folder);
  }

  makeFolder(folder: string): void {
    this.#living.makeFolder(folder);
  }

  async syncFolder(folder: string): Promise<void> {
    await this.#living.syncFolder(folder);
  }

  freeBytes(folder: string): number {
    return this.#living.freeBytes(folder);
  }

  lock(path: string): FileLock | undefined {
    return this.#living.lock(path);
  }

  get #living(): FileSystem {
    if (this.#ended) throw new PowerLoss("the process has ended");
    return this.#files;
  }
}
