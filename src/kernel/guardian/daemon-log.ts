import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { redirect } from "../../system/index.ts";

/** With four files: at most 16 MB of the daemon's own messages. */
const fileBytes = 4_000_000;
const files = 4;
/** How often the size is looked at while only others write: panics and libraries that print. */
const checkMs = 10_000;
const longestLineBytes = 16_384;

export interface DaemonLogOptions {
  /** Let this process's stdout and stderr go to the file too, and follow it when it is rotated. */
  readonly redirectOutput?: boolean;
  /** For tests. */
  readonly fileBytes?: number;
}

export interface DaemonLog {
  /** Appends a line with the time. Never throws: on a full disk the line is lost. */
  write(message: string): void;
  close(): void;
}

/**
 * The file for the messages of guardian and kernel: `path`, older parts in `path.1` to `path.3`. Of the two processes only
 * the kernel rotates while both run; a line of the guardian then goes to whatever `path` is at that moment.
 */
export function openDaemonLog(path: string, options: DaemonLogOptions = {}): DaemonLog {
  const limit = options.fileBytes ?? fileBytes;
  let fd = open(path);
  const follow = () => {
    if (fd === undefined || !options.redirectOutput) return;
    for (const stream of [1, 2]) ignoringErrors(() => redirect(fd ?? stream, stream));
  };
  const rotateIfFull = () => {
    if (fd === undefined || sizeOf(fd) < limit) return;
    const full = fd;
    rotate(path);
    fd = open(path);
    follow();
    ignoringErrors(() => closeSync(full));
  };
  let closed = false;
  rotateIfFull();
  follow();
  const timer = setInterval(rotateIfFull, checkMs);
  timer.unref();
  return {
    write(message) {
      if (closed) return;
      rotateIfFull();
      fd ??= open(path);
      const line = lineOf(message);
      ignoringErrors(() => fd !== undefined && writeSync(fd, line));
    },
    close() {
      clearInterval(timer);
      closed = true;
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** Appends one line, opening the file for it: for the guardian, which must not hold on to a file that the kernel rotates. */
export function appendDaemonLog(path: string, message: string): void {
  const fd = open(path);
  if (fd === undefined) return;
  ignoringErrors(() => writeSync(fd, lineOf(message)));
  ignoringErrors(() => closeSync(fd));
}

function lineOf(message: string): string {
  return `${new Date().toISOString()} [${process.pid}] ${message.slice(0, longestLineBytes).trimEnd()}\n`;
}

function open(path: string): number | undefined {
  return ignoringErrors(() => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, "a", 0o600);
  });
}

function sizeOf(fd: number): number {
  return ignoringErrors(() => fstatSync(fd).size) ?? 0;
}

function rotate(path: string): void {
  ignoringErrors(() => rmSync(`${path}.${files - 1}`, { force: true }));
  for (let index = files - 2; index > 0; index--) {
    ignoringErrors(() => renameSync(`${path}.${index}`, `${path}.${index + 1}`));
  }
  ignoringErrors(() => renameSync(path, `${path}.1`));
}

/** A daemon must not stop because its log can't be written. */
function ignoringErrors<Result>(attempt: () => Result): Result | undefined {
  try {
    return attempt();
  } catch {
    return undefined;
  }
}
