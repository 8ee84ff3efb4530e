import { basename, dirname } from "node:path";
import type { FileLock, FileSystem, OpenMode, StoreFile } from "../../../src/store/file/index.ts";
import { FaultyFile } from "./faulty-file.ts";
import { Inode } from "./inode.ts";
import { type Fault, Machine, type Operation, PowerLoss } from "./machine.ts";
import { Names } from "./names.ts";

export { PowerLoss };

/**
 * A file system in memory that fails as disks do, exactly the same way for the same seed. What isn't synced is lost, torn
 * at sectors or reordered by {@link crash}; names are lost unless their folder was synced; reads, writes and syncs fail
 * when it is ordered; bits flip. Paths are absolute.
 */
export class FaultyFileSystem implements FileSystem {
  readonly #machine: Machine;
  readonly #names = new Names();
  #locks = new Set<string>();

  constructor(seed: number) {
    this.#machine = new Machine(seed);
    this.#machine.usedBytes = () => [...this.#names.files().values()].reduce((sum, file) => sum + file.size, 0);
  }

  /** How many operations changed something or made it durable. */
  get operations(): number {
    return this.#machine.history.length;
  }

  /** Those operations in words, for a failing test's message. */
  get history(): readonly string[] {
    return this.#machine.history;
  }

  /** The power goes during an operation, counted from 1 since the file system was made. */
  crashAt(operation: number): void {
    this.#machine.crashAt = operation;
  }

  /** The power goes, if it hasn't, and comes back. Files that were open are dead, locks are free, ordered faults forgotten. */
  crash(): void {
    this.#names.losePower(this.#machine.random);
    for (const inode of this.#names.files().values()) inode.losePower(this.#machine.random);
    this.#locks = new Set();
    this.#machine.restart();
  }

  /** The process dies and the machine doesn't: all that was written stays, and only files and locks are gone. */
  killProcess(): void {
    this.#locks = new Set();
    this.#machine.restart();
  }

  /** Orders an error: see {@link Fault}. */
  fail(fault: Fault): void {
    this.#machine.order(fault);
  }

  /** Keeps asynchronous operations of a kind from ending until the returned function is called. */
  hold(operation: Operation): () => void {
    return this.#machine.hold(operation);
  }

  /** The disk has room for this many bytes in all. */
  limit(capacityBytes: number): void {
    this.#machine.capacityBytes = capacityBytes;
  }

  flipBit(path: string, position: number, bit = 0): void {
    this.#file(path).flipBit(position, bit);
  }

  bytesOf(path: string): Uint8Array {
    return this.#file(path).bytes();
  }

  open(path: string, mode: OpenMode): StoreFile {
    this.#machine.powered();
    const found = this.#names.file(path);
    if (found !== undefined && mode === "create") throw this.#machine.error("EEXIST", path);
    if (found !== undefined) return new FaultyFile(path, found, this.#machine, mode);
    if (mode === "read" || mode === "write") throw this.#machine.error("ENOENT", path);
    this.#needFolder(dirname(path));
    const inode = new Inode();
    this.#machine.operation("name", path, "made", () => this.#names.add(path, inode));
    return new FaultyFile(path, inode, this.#machine, mode);
  }

  rename(from: string, to: string): void {
    this.#machine.powered();
    this.#file(from);
    this.#machine.operation("name", from, `moved to ${to}`, () => this.#names.move(from, to));
  }

  async remove(path: string): Promise<void> {
    const { life } = this.#machine;
    await this.#machine.turn("name");
    this.#machine.powered(life);
    if (this.#names.has(path)) this.#machine.operation("name", path, "removed", () => this.#names.remove(path));
  }

  async removeFolder(folder: string): Promise<void> {
    for (const path of [...this.#names.under(folder), folder]) await this.remove(path);
  }

  list(folder: string): string[] {
    this.#machine.powered();
    this.#needFolder(folder);
    return this.#names
      .under(folder)
      .filter((path) => dirname(path) === folder)
      .map((path) => basename(path))
      .sort();
  }

  makeFolder(folder: string): void {
    this.#machine.powered();
    if (this.#names.has(folder)) return;
    this.makeFolder(dirname(folder));
    this.#machine.operation("name", folder, "made", () => this.#names.add(folder, "folder"));
  }

  async syncFolder(folder: string): Promise<void> {
    const { life } = this.#machine;
    await this.#machine.turn("folder-sync");
    this.#machine.powered(life);
    this.#machine.fault("folder-sync", folder);
    this.#machine.operation("folder-sync", folder, "", () => this.#names.synced(folder));
  }

  freeBytes(): number {
    return this.#machine.capacityBytes - this.#machine.usedBytes();
  }

  lock(path: string): FileLock | undefined {
    if (this.#locks.has(path)) return undefined;
    this.open(path, "ensure").close();
    const locks = this.#locks;
    locks.add(path);
    return { release: () => void locks.delete(path) };
  }

  #file(path: string): Inode {
    const inode = this.#names.file(path);
    if (inode === undefined) throw this.#machine.error("ENOENT", path);
    return inode;
  }

  #needFolder(folder: string): void {
    if (!this.#names.has(folder)) throw this.#machine.error("ENOENT", folder);
  }
}
