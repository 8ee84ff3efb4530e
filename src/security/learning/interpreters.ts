import { closeSync, openSync, readSync, realpathSync } from "node:fs";

/**
 * The programs that the system executes in order to execute one: the interpreter that a script names in its first line, the
 * loader that an ELF file names, and those of these. Without links; empty for what can't be read.
 */
export function interpretersOf(program: string): string[] {
  const found: string[] = [];
  for (let path: string | undefined = program; path !== undefined && found.length < deepest; ) {
    path = interpreterOf(path);
    if (path !== undefined) found.push(path);
  }
  return found;
}

/** The system itself goes no further (execve(2)). */
const deepest = 5;

function interpreterOf(program: string): string | undefined {
  try {
    const head = headOf(program);
    const text = head.toString("latin1");
    const named = text.startsWith("#!") ? /^#![ \t]*([^ \t\n\0]+)/.exec(text)?.[1] : loaderOf(head);
    return named === undefined ? undefined : realpathSync(named);
  } catch {
    return undefined;
  }
}

function headOf(path: string): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(headBytes);
    return bytes.subarray(0, readSync(fd, bytes, 0, headBytes, 0));
  } finally {
    closeSync(fd);
  }
}

/** The `PT_INTERP` of a 64-bit ELF file (elf(5)), whose program headers are at its begin. */
function loaderOf(head: Buffer): string | undefined {
  if (head.toString("latin1", 0, 4) !== "\x7fELF" || head[4] !== is64Bit) return undefined;
  const [start, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let index = 0; index < count; index++) {
    const header = start + index * size;
    if (head.readUInt32LE(header) !== interpreterHeader) continue;
    const [offset, length] = [Number(head.readBigUInt64LE(header + 8)), Number(head.readBigUInt64LE(header + 32))];
    return head.toString("utf8", offset, offset + length - 1);
  }
  return undefined;
}

const headBytes = 4_096;
const is64Bit = 2;
const interpreterHeader = 3;
