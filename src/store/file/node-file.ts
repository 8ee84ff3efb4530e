import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { readCached } from "./cached-read.ts";
import { fdatasync, read, write, writev } from "./descriptor.ts";
import type { OpenMode, StoreFile } from "./file-system.ts";
import { punchHole } from "./punch-hole.ts";

/** Opens a file of the machine. The operating system may transfer less than it was asked to, so every transfer is a loop. */
export function openNodeFile(path: string, mode: OpenMode): StoreFile {
  return new NodeFile(path, openSync(path, flags[mode] | closeOnExec, 0o600));
}

/** `O_CLOEXEC`, equal on x86-64 and arm64: a child process must not keep a removed segment's space in use. */
const closeOnExec = 0o2000000;

const flags: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  ensure: constants.O_RDWR | constants.O_CREAT,
};

/** `IOV_MAX` of Linux: more buffers than these are refused in one call. */
const maxParts = 1024;

class NodeFile implements StoreFile {
  readonly path: string;
  #number: number;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#number = descriptor;
  }

  readSync(into: Uint8Array, position: number): number {
    let done = 0;
    while (done < into.length) {
      const count = readSync(this.#descriptor, into, done, into.length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const count = await read(this.#descriptor, rest(into, done), position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  readCached(into: Uint8Array, position: number): number {
    return readCached(this.#descriptor, into, position);
  }

  writeSync(bytes: Uint8Array, position: number): void {
    let done = 0;
    while (done < bytes.length) {
      done += progress(writeSync(this.#descriptor, bytes, done, bytes.length - done, position + done), this.path);
    }
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      done += progress(await write(this.#descriptor, rest(bytes, done), position + done), this.path);
    }
  }

  async writeParts(parts: readonly Uint8Array[], position: number): Promise<void> {
    let at = position;
    for (let first = 0; first < parts.length; first += maxParts) {
      const some = parts.slice(first, first + maxParts).filter((part) => part.length > 0);
      if (some.length === 0) continue;
      let done = progress(await writev(this.#descriptor, some, at), this.path);
      for (const part of some) {
        const written = Math.min(done, part.length);
        done -= written;
        if (written < part.length) await this.write(rest(part, written), at + written);
        at += part.length;
      }
    }
  }

  syncSync(): void {
    fdatasyncSync(this.#descriptor);
  }

  sync(): Promise<void> {
    return fdatasync(this.#descriptor);
  }

  size(): number {
    return fstatSync(this.#descriptor).size;
  }

  punch(position: number, length: number): boolean {
    return punchHole(this.#descriptor, position, length);
  }

  truncate(size: number): void {
    ftruncateSync(this.#descriptor, size);
  }

  close(): void {
    if (this.#number === closed) return;
    const descriptor = this.#number;
    this.#number = closed;
    closeSync(descriptor);
  }

  /** The number of a closed file may be another file's already. */
  get #descriptor(): number {
    if (this.#number === closed) throw Object.assign(new Error(`EBADF: ${this.path} is closed`), { code: "EBADF" });
    return this.#number;
  }
}

const closed = -1;

function rest(bytes: Uint8Array, done: number): Uint8Array {
  return done === 0 ? bytes : bytes.subarray(done);
}

/** A write of nothing would loop for ever. */
function progress(count: number, path: string): number {
  if (count > 0) return count;
  throw Object.assign(new Error(`EIO: nothing was written to ${path}`), { code: "EIO" });
}
