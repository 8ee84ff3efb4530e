/**
 * All that the store asks of a file system, so that a test can hand it one that loses power. Paths are absolute or
 * relative to the working directory; positions and sizes are bytes. Every method throws the operating system's error
 * (`code`: `ENOENT`, `EIO`, `ENOSPC`, …); {@link StoreError.fromFile} translates it.
 *
 * What may be relied on after a loss of power is only this: bytes whose file was synced after they were written, and names
 * whose folder was synced after they were made, moved or removed. Writes between two syncs may survive in any order, torn
 * at any boundary of a sector.
 */
export interface FileSystem {
  open(path: string, mode: OpenMode): StoreFile;
  /** Replaces `to` if it exists; atomic, and durable once the folder is synced. */
  rename(from: string, to: string): void;
  /** A file that isn't there is no error. Asynchronous, because freeing a large file takes milliseconds. */
  remove(path: string): Promise<void>;
  /** Removes a folder with all that is in it; one that isn't there is no error. */
  removeFolder(folder: string): Promise<void>;
  /** Names in a folder, sorted. Throws `ENOENT` when there is no folder. */
  list(folder: string): string[];
  /** Makes a folder and those above it that are missing; one that exists is no error. */
  makeFolder(folder: string): void;
  /** fsync(2) of a folder: names made, moved or removed in it before the call are durable when it returns. */
  syncFolder(folder: string): Promise<void>;
  /** Bytes that can still be written to the file system a folder lies on. */
  freeBytes(folder: string): number;
  /** Takes an exclusive lock at once or not at all; `undefined` while someone else has it. Freed when the process dies. */
  lock(path: string): FileLock | undefined;
}

/**
 * - `read`: must exist; can't be written
 * - `write`: must exist
 * - `create`: must not exist (`EEXIST`)
 * - `ensure`: made when it is missing
 */
export type OpenMode = "read" | "write" | "create" | "ensure";

/** An open file. Calls on a closed one throw `EBADF`. */
export interface StoreFile {
  readonly path: string;
  /** Fills `into` from `position`; returns the bytes read, fewer than asked only at the file's end. */
  readSync(into: Uint8Array, position: number): number;
  read(into: Uint8Array, position: number): Promise<number>;
  /** The same at once, of what is in memory: fewer bytes than asked, or none, when the disk would have to be waited for. */
  readCached(into: Uint8Array, position: number): number;
  /** Writes all of the bytes, or throws: then any part of them may have been written. Don't change them meanwhile. */
  writeSync(bytes: Uint8Array, position: number): void;
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Writes several buffers one behind the other, with as few system calls as possible. */
  writeParts(parts: readonly Uint8Array[], position: number): Promise<void>;
  /**
   * fdatasync(2): what was written before the call is durable when it returns. After a failure nothing is known of the
   * unsynced bytes and a second call proves nothing: close the file and recover.
   * The synchronous form saves the hand-over to a thread and blocks the event loop meanwhile.
   */
  syncSync(): void;
  sync(): Promise<void>;
  size(): number;
  /**
   * Gives the disk space of a part back; it reads as zeros then, and the size stays. `false` where the file system can't,
   * which changes nothing.
   */
  punch(position: number, length: number): boolean;
  /** Cuts the file, or extends it with zeros. Durable after a sync. */
  truncate(size: number): void;
  /** Closing twice is no error. Syncs nothing. */
  close(): void;
}

export interface FileLock {
  /** Frees the lock; the lock file stays. */
  release(): void;
}
