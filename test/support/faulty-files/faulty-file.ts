import type { OpenMode, StoreFile } from "../../../src/store/file/index.ts";
import type { Inode } from "./inode.ts";
import type { Machine } from "./machine.ts";

/** An open file of the file system that loses power. */
export class FaultyFile implements StoreFile {
  readonly path: string;
  readonly #inode: Inode;
  readonly #machine: Machine;
  readonly #life: number;
  readonly #mode: OpenMode;
  #open = true;

  constructor(path: string, inode: Inode, machine: Machine, mode: OpenMode) {
    this.path = path;
    this.#inode = inode;
    this.#machine = machine;
    this.#life = machine.life;
    this.#mode = mode;
  }

  readSync(into: Uint8Array, position: number): number {
    this.#check();
    this.#machine.fault("read", this.path);
    return this.#inode.read(into, position);
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    await this.#machine.turn("read");
    return this.readSync(into, position);
  }

  /** Now and then; never while reads are held. */
  readCached(into: Uint8Array, position: number): number {
    this.#check();
    return this.#machine.isCached() ? this.#inode.read(into, position) : 0;
  }

  writeSync(bytes: Uint8Array, position: number): void {
    this.#check("write");
    const room = this.#machine.room(Math.max(0, position + bytes.length - this.#inode.size));
    // Even when the power goes in the middle, some of it may have been on its way.
    const part = room < 0 ? bytes.subarray(0, Math.max(0, bytes.length + room)) : bytes;
    this.#machine.operation("write", this.path, `${bytes.length} bytes at ${position}`, () =>
      this.#inode.write(part, position),
    );
    if (room < 0) throw this.#machine.error("ENOSPC", `no space for ${this.path}`);
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    await this.#machine.turn("write");
    this.writeSync(bytes, position);
  }

  async writeParts(parts: readonly Uint8Array[], position: number): Promise<void> {
    await this.#machine.turn("write");
    this.writeSync(Buffer.concat(parts), position);
  }

  syncSync(): void {
    this.#finishSync(this.#inode.covered());
  }

  async sync(): Promise<void> {
    const covered = this.#inode.covered();
    await this.#machine.turn("sync");
    this.#finishSync(covered);
  }

  #finishSync(covered: ReturnType<Inode["covered"]>): void {
    this.#check();
    try {
      this.#machine.fault("sync", this.path);
    } catch (error) {
      this.#inode.syncFailed(covered, this.#machine.random);
      throw error;
    }
    this.#machine.operation("sync", this.path, "", () => this.#inode.synced(covered));
  }

  size(): number {
    this.#check();
    return this.#inode.size;
  }

  punch(position: number, length: number): boolean {
    this.#check("write");
    const zeros = new Uint8Array(Math.max(0, Math.min(length, this.#inode.size - position)));
    this.#machine.operation("write", this.path, `hole of ${length} bytes at ${position}`, () =>
      this.#inode.write(zeros, position),
    );
    return true;
  }

  truncate(size: number): void {
    this.#check("write");
    this.#machine.operation("truncate", this.path, `to ${size}`, () => this.#inode.truncate(size));
  }

  close(): void {
    this.#open = false;
  }

  #check(access: "read" | "write" = "read"): void {
    this.#machine.powered(this.#life);
    if (!this.#open) throw this.#machine.error("EBADF", `${this.path} is closed`);
    if (access === "write" && this.#mode === "read") throw this.#machine.error("EBADF", `${this.path} is read-only`);
  }
}
