import { dlopen, ptr } from "bun:ffi";
import { errno } from "../libc.ts";

/**
 * What another process has at an address of its memory (process_vm_readv(2)): up to `length` bytes, fewer where its memory ends.
 * Undefined where it may not be looked at.
 */
export function readTaskMemory(thread: number, address: bigint, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(new ArrayBuffer(length));
  const [local, remote] = vectorsOf(bytes, address);
  const count = Number(library().process_vm_readv(thread, ptr(local), 1, ptr(remote), remote.length / 2, 0));
  if (count < 0 && errno() === EPERM) return undefined;
  return bytes.subarray(0, Math.max(count, 0));
}

/**
 * A path of another process: bytes up to a zero. Null where there is none, so that the system would find none either; undefined
 * where it may not be looked at, or is no text.
 */
export function readTaskPath(thread: number, address: bigint): string | null | undefined {
  for (const length of [usualPath, longestPath]) {
    const bytes = readTaskMemory(thread, address, length);
    if (bytes === undefined) return undefined;
    const end = bytes.indexOf(0);
    if (end >= 0) return textOf(bytes.subarray(0, end));
    if (bytes.length < length) return null;
  }
  return null;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** By which protocol another process's socket speaks, in the system's words: `TCP`, `TCPv6`, `UDP`, `UNIX`, …; undefined for none. */
export function socketProtocol(thread: number, descriptor: number): string | undefined {
  const value = new Uint8Array(new ArrayBuffer(longestProtocol));
  const path = Buffer.from(`/proc/${thread}/fd/${descriptor}\0`);
  const count = Number(library().getxattr(ptr(path), ptr(protocolName), ptr(value), value.length));
  return count > 0 ? decoder.decode(value.subarray(0, count)).replace(/\0.*$/, "") : undefined;
}

/** `struct iovec` pairs of address and length. The system reads a part of the other memory whole or not at all: one for each page. */
function vectorsOf(bytes: Uint8Array, address: bigint): [BigUint64Array, BigUint64Array] {
  const parts: bigint[] = [];
  const end = address + BigInt(bytes.length);
  for (let from = address; from < end; ) {
    const next = (from / pageBytes + 1n) * pageBytes;
    const to = next < end ? next : end;
    parts.push(from, to - from);
    from = to;
  }
  return [vector([BigInt(ptr(bytes)), BigInt(bytes.length)]), vector(parts)];
}

/** In memory of its own: the address of a small typed array without an ArrayBuffer may change. */
function vector(values: readonly bigint[]): BigUint64Array {
  const array = new BigUint64Array(new ArrayBuffer(values.length * BigUint64Array.BYTES_PER_ELEMENT));
  array.set(values);
  return array;
}

let opened: ReturnType<typeof open> | undefined;

function library() {
  opened ??= open();
  return opened.symbols;
}

function open() {
  return dlopen("libc.so.6", {
    process_vm_readv: { args: ["i32", "ptr", "u64", "ptr", "u64", "u64"], returns: "i64" },
    getxattr: { args: ["ptr", "ptr", "ptr", "u64"], returns: "i64" },
  });
}

const decoder = new TextDecoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const EPERM = 1;
/** The least size of a page: what is whole in it is whole in a larger one. */
const pageBytes = 4_096n;
const usualPath = 256;
/** `PATH_MAX`. */
const longestPath = 4_096;
const longestProtocol = 32;
const protocolName = Buffer.from("system.sockprotoname\0");
