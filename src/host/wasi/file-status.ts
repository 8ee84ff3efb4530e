import type { BigIntStats } from "node:fs";
import { wasi } from "@bjorn3/browser_wasi_shim";

/** Preview 1's `filestat` of a file's status. */
export function toFilestat(stats: BigIntStats): wasi.Filestat {
  const filestat = new wasi.Filestat(stats.ino, filetypeOf(stats), stats.size);
  filestat.dev = stats.dev;
  filestat.nlink = stats.nlink;
  filestat.atim = stats.atimeNs;
  filestat.mtim = stats.mtimeNs;
  filestat.ctim = stats.ctimeNs;
  return filestat;
}

interface Typed {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isCharacterDevice(): boolean;
  isBlockDevice(): boolean;
  isSocket(): boolean;
}

export function filetypeOf(entry: Typed): number {
  if (entry.isFile()) return wasi.FILETYPE_REGULAR_FILE;
  if (entry.isDirectory()) return wasi.FILETYPE_DIRECTORY;
  if (entry.isSymbolicLink()) return wasi.FILETYPE_SYMBOLIC_LINK;
  if (entry.isCharacterDevice()) return wasi.FILETYPE_CHARACTER_DEVICE;
  if (entry.isBlockDevice()) return wasi.FILETYPE_BLOCK_DEVICE;
  return entry.isSocket() ? wasi.FILETYPE_SOCKET_STREAM : wasi.FILETYPE_UNKNOWN;
}

/** Access and modification time in seconds after preview 1's `fstflags`: given, now, or as they are. */
export function newTimes(
  stats: BigIntStats,
  atim: bigint,
  mtim: bigint,
  flags: number,
): [atime: number, mtime: number] {
  const now = Date.now() / 1_000;
  const pick = (set: number, setNow: number, given: bigint, kept: bigint) =>
    (flags & setNow) !== 0 ? now : Number((flags & set) !== 0 ? given : kept) / 1e9;
  return [
    pick(wasi.FSTFLAGS_ATIM, wasi.FSTFLAGS_ATIM_NOW, atim, stats.atimeNs),
    pick(wasi.FSTFLAGS_MTIM, wasi.FSTFLAGS_MTIM_NOW, mtim, stats.mtimeNs),
  ];
}
