import { writeSync } from "node:fs";
import { Fd, wasi } from "@bjorn3/browser_wasi_shim";
import { errnoOf } from "./errno.ts";

/** Pause before a full pipe that does not block is tried again. */
const fullPipePauseMs = 1;

/** Standard input of a service: at its end from the start. */
export class EmptyInput extends Fd {
  override fd_read() {
    return { ret: wasi.ERRNO_SUCCESS, data: new Uint8Array() };
  }

  override fd_fdstat_get() {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_CHARACTER_DEVICE, 0);
    fdstat.fs_rights_base = 1n << 1n;
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }

  override fd_filestat_get() {
    return { ret: wasi.ERRNO_SUCCESS, filestat: new wasi.Filestat(0n, wasi.FILETYPE_CHARACTER_DEVICE, 0n) };
  }

  override fd_close() {
    return wasi.ERRNO_SUCCESS;
  }
}

/** Standard output or error: each write goes to the real descriptor before it returns, so a crash loses nothing. */
export class HostOutput extends Fd {
  readonly #fd: number;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override fd_write(data: Uint8Array) {
    let nwritten = 0;
    while (nwritten < data.byteLength) {
      try {
        nwritten += writeSync(this.#fd, data, nwritten);
      } catch (error) {
        const ret = errnoOf(error);
        if (ret !== wasi.ERRNO_AGAIN && ret !== wasi.ERRNO_INTR) return { ret, nwritten };
        Bun.sleepSync(fullPipePauseMs);
      }
    }
    return { ret: wasi.ERRNO_SUCCESS, nwritten };
  }

  override fd_fdstat_get() {
    // Line by line, as on a terminal: libc buffers whole blocks for anything else, and logs would lag behind.
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_CHARACTER_DEVICE, wasi.FDFLAGS_APPEND);
    fdstat.fs_rights_base = 1n << 6n;
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }

  override fd_filestat_get() {
    return { ret: wasi.ERRNO_SUCCESS, filestat: new wasi.Filestat(0n, wasi.FILETYPE_CHARACTER_DEVICE, 0n) };
  }

  override fd_close() {
    return wasi.ERRNO_SUCCESS;
  }
}
