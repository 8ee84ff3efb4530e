import { closeSync, fstatSync, fsyncSync, ftruncateSync, futimesSync, readSync, writeSync } from "node:fs";
import { Fd, wasi } from "@bjorn3/browser_wasi_shim";
import { attempt, errnoOf } from "./errno.ts";
import { filetypeOf, newTimes, toFilestat } from "./file-status.ts";

/** Largest piece that one read allocates; a guest that asks for more gets a short read, as POSIX allows. */
const maxReadBytes = 1_048_576;

/** An open file of the host as a preview 1 descriptor. The position is kept here, since reads and writes are positioned. */
export class HostFile extends Fd {
  readonly #fd: number;
  readonly #rights: bigint;
  #append: boolean;
  #position = 0;

  constructor(fd: number, rights: bigint, append: boolean) {
    super();
    this.#fd = fd;
    this.#rights = rights;
    this.#append = append;
  }

  override fd_read(size: number) {
    const result = this.fd_pread(size, BigInt(this.#position));
    this.#position += result.data.byteLength;
    return result;
  }

  override fd_pread(size: number, offset: bigint) {
    const data = new Uint8Array(Math.min(size, maxReadBytes));
    try {
      const length = readSync(this.#fd, data, 0, data.byteLength, Number(offset));
      return { ret: wasi.ERRNO_SUCCESS, data: data.subarray(0, length) };
    } catch (error) {
      return { ret: errnoOf(error), data: new Uint8Array() };
    }
  }

  override fd_write(data: Uint8Array) {
    if (this.#append) this.#position = Number(fstatSync(this.#fd).size);
    const result = this.fd_pwrite(data, BigInt(this.#position));
    this.#position += result.nwritten;
    return result;
  }

  override fd_pwrite(data: Uint8Array, offset: bigint) {
    try {
      return { ret: wasi.ERRNO_SUCCESS, nwritten: writeSync(this.#fd, data, 0, data.byteLength, Number(offset)) };
    } catch (error) {
      return { ret: errnoOf(error), nwritten: 0 };
    }
  }

  override fd_seek(offset: bigint, whence: number) {
    const from = { [wasi.WHENCE_SET]: 0, [wasi.WHENCE_CUR]: this.#position, [wasi.WHENCE_END]: this.#size() }[whence];
    const target = from === undefined ? -1 : from + Number(offset);
    if (target < 0 || !Number.isSafeInteger(target)) return { ret: wasi.ERRNO_INVAL, offset: 0n };
    this.#position = target;
    return { ret: wasi.ERRNO_SUCCESS, offset: BigInt(target) };
  }

  override fd_tell() {
    return { ret: wasi.ERRNO_SUCCESS, offset: BigInt(this.#position) };
  }

  override fd_fdstat_get() {
    const flags = this.#append ? wasi.FDFLAGS_APPEND : 0;
    const fdstat = new wasi.Fdstat(filetypeOf(fstatSync(this.#fd)), flags);
    fdstat.fs_rights_base = this.#rights;
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }

  override fd_fdstat_set_flags(flags: number) {
    this.#append = (flags & wasi.FDFLAGS_APPEND) !== 0;
    return wasi.ERRNO_SUCCESS;
  }

  override fd_filestat_get() {
    return { ret: wasi.ERRNO_SUCCESS, filestat: toFilestat(fstatSync(this.#fd, { bigint: true })) };
  }

  override fd_filestat_set_size(size: bigint) {
    return attempt(() => ftruncateSync(this.#fd, Number(size)));
  }

  override fd_filestat_set_times(atim: bigint, mtim: bigint, flags: number) {
    return attempt(() => futimesSync(this.#fd, ...newTimes(fstatSync(this.#fd, { bigint: true }), atim, mtim, flags)));
  }

  override fd_allocate(offset: bigint, length: bigint) {
    const end = Number(offset + length);
    return attempt(() => void (this.#size() < end && ftruncateSync(this.#fd, end)));
  }

  override fd_sync() {
    return attempt(() => fsyncSync(this.#fd));
  }

  override fd_close() {
    return attempt(() => closeSync(this.#fd));
  }

  #size(): number {
    return fstatSync(this.#fd).size;
  }
}
