import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { pollHungUp } from "../../system/index.ts";

/** Two FIFOs per instance; far above what one machine runs, far below the usual limit of open files. */
const maxHolds = 16_384;

/**
 * Read sides of FIFOs, held open and never read: a pipe keeps what was written to it, and its writer gets no SIGPIPE, as long
 * as anyone has it open for reading. Nothing here throws.
 */
export class FifoHolds {
  readonly #fds = new Map<string, number>();

  get size(): number {
    return this.#fds.size;
  }

  hold(path: string): void {
    const held = this.#fds.get(path);
    if (held !== undefined) {
      if (isSameFile(held, path)) return;
      this.drop(path);
    }
    if (this.#fds.size >= maxHolds) return;
    const fd = openFifo(path);
    if (fd !== undefined) this.#fds.set(path, fd);
  }

  drop(path: string): void {
    const fd = this.#fds.get(path);
    if (fd === undefined) return;
    this.#fds.delete(path);
    close(fd);
  }

  keep(paths: readonly string[]): void {
    const wanted = new Set(paths);
    for (const path of [...this.#fds.keys()]) if (!wanted.has(path)) this.drop(path);
    for (const path of wanted) this.hold(path);
  }

  /** Drops the FIFOs whose writers are all gone. Answers with the number of the others. */
  dropFinished(): number {
    const finished = new Set(pollHungUp([...this.#fds.values()]));
    for (const [path, fd] of [...this.#fds]) if (finished.has(fd)) this.drop(path);
    return this.#fds.size;
  }
}

function openFifo(path: string): number | undefined {
  let fd: number | undefined;
  try {
    // Without O_NONBLOCK the open would wait for a writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(fd).isFIFO()) return fd;
  } catch {
    // It is gone already; there is nothing to keep.
  }
  if (fd !== undefined) close(fd);
  return undefined;
}

function isSameFile(fd: number, path: string): boolean {
  try {
    const [held, named] = [fstatSync(fd), statSync(path)];
    return held.ino === named.ino && held.dev === named.dev;
  } catch {
    return false;
  }
}

function close(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Closed is closed.
  }
}
