import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { Fd, wasi } from "@bjorn3/browser_wasi_shim";
import { beneath } from "./beneath.ts";
import { attempt, EscapeError, errnoOf } from "./errno.ts";
import { filetypeOf, newTimes, toFilestat } from "./file-status.ts";
import { HostFile } from "./host-file.ts";

/** Preview 1's `lookupflags.symlink_follow` and the rights that decide how a file is opened. */
const symlinkFollow = 1;
const rightRead = 1n << 1n;
const rightsWrite = (1n << 6n) | (1n << 8n) | (1n << 22n);
const allRights = (1n << 30n) - 1n;

/** A folder of the host as a preview 1 descriptor: a preopened one when it has a guest name. */
export class HostDirectory extends Fd {
  readonly #fd: number;
  readonly #guestName: string | undefined;
  /** The folder's entries as of the last read from the start, so that a listing is not disturbed by changes. */
  #entries: readonly { readonly name: string; readonly type: number }[] = [];

  constructor(fd: number, guestName?: string) {
    super();
    this.#fd = fd;
    this.#guestName = guestName;
  }

  override fd_prestat_get() {
    if (this.#guestName === undefined) return { ret: wasi.ERRNO_BADF, prestat: null };
    return { ret: wasi.ERRNO_SUCCESS, prestat: wasi.Prestat.dir(this.#guestName) };
  }

  override fd_fdstat_get() {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_DIRECTORY, 0);
    fdstat.fs_rights_base = allRights;
    fdstat.fs_rights_inherited = allRights;
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }

  override fd_filestat_get() {
    return { ret: wasi.ERRNO_SUCCESS, filestat: toFilestat(fstatSync(this.#fd, { bigint: true })) };
  }

  override fd_readdir_single(cookie: bigint) {
    try {
      if (cookie === 0n) this.#entries = this.#list();
      const entry = this.#entries[Number(cookie)];
      if (!entry) return { ret: wasi.ERRNO_SUCCESS, dirent: null };
      const hostPath = `/proc/self/fd/${this.#fd}/${entry.name === ".." ? "." : entry.name}`;
      const ino = lstatSync(hostPath, { bigint: true, throwIfNoEntry: false })?.ino ?? 0n;
      return { ret: wasi.ERRNO_SUCCESS, dirent: new wasi.Dirent(cookie + 1n, ino, entry.name, entry.type) };
    } catch (error) {
      return { ret: errnoOf(error), dirent: null };
    }
  }

  override path_open(
    dirflags: number,
    path: string,
    oflags: number,
    rights: bigint,
    _inherited: bigint,
    fdflags: number,
  ) {
    try {
      const follow = (dirflags & symlinkFollow) !== 0;
      const flags = openFlags(oflags, rights, fdflags);
      const fd = beneath(this.#fd, path, follow, (hostPath) => openSync(hostPath, flags, 0o666));
      const append = (fdflags & wasi.FDFLAGS_APPEND) !== 0;
      const isFolder = fstatSync(fd).isDirectory();
      return { ret: wasi.ERRNO_SUCCESS, fd_obj: isFolder ? new HostDirectory(fd) : new HostFile(fd, rights, append) };
    } catch (error) {
      return { ret: errnoOf(error), fd_obj: null };
    }
  }

  override path_filestat_get(flags: number, path: string) {
    try {
      const follow = (flags & symlinkFollow) !== 0;
      const stats = beneath(this.#fd, path, follow, (hostPath) => lstatSync(hostPath, { bigint: true }));
      return { ret: wasi.ERRNO_SUCCESS, filestat: toFilestat(stats) };
    } catch (error) {
      return { ret: errnoOf(error), filestat: null };
    }
  }

  override path_filestat_set_times(flags: number, path: string, atim: bigint, mtim: bigint, fstflags: number) {
    return this.#at(path, (flags & symlinkFollow) !== 0, (hostPath) =>
      lutimesSync(hostPath, ...newTimes(lstatSync(hostPath, { bigint: true }), atim, mtim, fstflags)),
    );
  }

  override path_readlink(path: string) {
    try {
      return { ret: wasi.ERRNO_SUCCESS, data: beneath(this.#fd, path, false, (hostPath) => readlinkSync(hostPath)) };
    } catch (error) {
      return { ret: errnoOf(error), data: null };
    }
  }

  override path_create_directory(path: string) {
    return this.#at(path, false, (hostPath) => mkdirSync(hostPath, 0o777));
  }

  override path_remove_directory(path: string) {
    return this.#at(path, false, (hostPath) => rmdirSync(hostPath));
  }

  override path_unlink_file(path: string) {
    return this.#at(path, false, (hostPath) => unlinkSync(hostPath));
  }

  /** `path_rename` between two folders; the shim's own moves objects of its memory. */
  renameTo(path: string, target: HostDirectory, targetPath: string): number {
    return this.#at(path, false, (from) => beneath(target.#fd, targetPath, false, (to) => renameSync(from, to)));
  }

  linkTo(path: string, follow: boolean, target: HostDirectory, targetPath: string): number {
    return this.#at(path, follow, (from) => beneath(target.#fd, targetPath, false, (to) => linkSync(from, to)));
  }

  /** An absolute target would mean something else to the host than to the guest. */
  symlink(target: string, path: string): number {
    return this.#at(path, false, (hostPath) => {
      if (target.startsWith("/")) throw new EscapeError("the link's target is absolute");
      symlinkSync(target, hostPath);
    });
  }

  override fd_sync() {
    return attempt(() => fsyncSync(this.#fd));
  }

  override fd_close() {
    return attempt(() => closeSync(this.#fd));
  }

  #at(path: string, follow: boolean, operation: (hostPath: string) => void): number {
    return attempt(() => beneath(this.#fd, path, follow, operation));
  }

  #list() {
    const found = readdirSync(`/proc/self/fd/${this.#fd}`, { withFileTypes: true });
    const own = [".", ".."].map((name) => ({ name, type: wasi.FILETYPE_DIRECTORY }));
    return [...own, ...found.map((entry) => ({ name: entry.name, type: filetypeOf(entry) }))];
  }
}

/** Never follows a link (the walk has done so) and never waits for the other end of a FIFO. */
function openFlags(oflags: number, rights: bigint, fdflags: number): number {
  const folder = (oflags & wasi.OFLAGS_DIRECTORY) !== 0;
  const writes = (rights & rightsWrite) !== 0n && !folder;
  const reads = (rights & rightRead) !== 0n || !writes;
  const access = writes ? (reads ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  const pick = (given: number, mask: number, flag: number) => ((given & mask) !== 0 ? flag : 0);
  return (
    access |
    constants.O_NOFOLLOW |
    constants.O_NONBLOCK |
    pick(oflags, wasi.OFLAGS_CREAT, constants.O_CREAT) |
    pick(oflags, wasi.OFLAGS_EXCL, constants.O_EXCL) |
    pick(oflags, wasi.OFLAGS_TRUNC, constants.O_TRUNC) |
    pick(oflags, wasi.OFLAGS_DIRECTORY, constants.O_DIRECTORY) |
    pick(fdflags, wasi.FDFLAGS_APPEND, constants.O_APPEND) |
    pick(fdflags, wasi.FDFLAGS_SYNC | wasi.FDFLAGS_RSYNC, constants.O_SYNC) |
    pick(fdflags, wasi.FDFLAGS_DSYNC, constants.O_DSYNC)
  );
}
