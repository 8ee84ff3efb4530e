import { wasi } from "@bjorn3/browser_wasi_shim";

/** A path that leads out of its preopened folder. */
export class EscapeError extends Error {
  readonly code = "ENOTCAPABLE";
}

/** Runs a file operation and returns the WASI error number of what it throws, or success. */
export function attempt(operation: () => void): number {
  try {
    operation();
    return wasi.ERRNO_SUCCESS;
  } catch (error) {
    return errnoOf(error);
  }
}

/** The WASI preview 1 error number of an error of `node:fs`. What has no counterpart is an input/output error. */
export function errnoOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return numbers[code] ?? wasi.ERRNO_IO;
}

const numbers: Readonly<Record<string, number>> = {
  EACCES: wasi.ERRNO_ACCES,
  EAGAIN: wasi.ERRNO_AGAIN,
  EBADF: wasi.ERRNO_BADF,
  EBUSY: wasi.ERRNO_BUSY,
  EDQUOT: wasi.ERRNO_DQUOT,
  EEXIST: wasi.ERRNO_EXIST,
  EFBIG: wasi.ERRNO_FBIG,
  EINTR: wasi.ERRNO_INTR,
  EINVAL: wasi.ERRNO_INVAL,
  EISDIR: wasi.ERRNO_ISDIR,
  ELOOP: wasi.ERRNO_LOOP,
  EMFILE: wasi.ERRNO_MFILE,
  EMLINK: wasi.ERRNO_MLINK,
  ENAMETOOLONG: wasi.ERRNO_NAMETOOLONG,
  ENFILE: wasi.ERRNO_NFILE,
  ENODEV: wasi.ERRNO_NODEV,
  ENOENT: wasi.ERRNO_NOENT,
  ENOMEM: wasi.ERRNO_NOMEM,
  ENOSPC: wasi.ERRNO_NOSPC,
  ENOTCAPABLE: wasi.ERRNO_NOTCAPABLE,
  ENOTDIR: wasi.ERRNO_NOTDIR,
  ENOTEMPTY: wasi.ERRNO_NOTEMPTY,
  ENXIO: wasi.ERRNO_NXIO,
  EPERM: wasi.ERRNO_PERM,
  EPIPE: wasi.ERRNO_PIPE,
  EROFS: wasi.ERRNO_ROFS,
  ESPIPE: wasi.ERRNO_SPIPE,
  ETXTBSY: wasi.ERRNO_TXTBSY,
  EXDEV: wasi.ERRNO_XDEV,
};
