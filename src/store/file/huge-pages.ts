import { dlopen, ptr } from "bun:ffi";

/**
 * Asks the operating system to back memory that is read at random by pages of 2 MiB instead of 4 KiB, as it is touched:
 * fewer misses of the address translation make lookups in large stores some 10 % faster. Only advice, without effect where
 * the system doesn't do it.
 */
export function adviseHugePages(memory: Uint8Array | Int32Array): void {
  if (memory.byteLength < 2 * hugeBytes) return;
  const start = Math.ceil(ptr(memory) / hugeBytes) * hugeBytes;
  const end = Math.floor((ptr(memory) + memory.byteLength) / hugeBytes) * hugeBytes;
  libc ??= open();
  libc.symbols.madvise(BigInt(start), BigInt(end - start), adviceHugePage);
}

const hugeBytes = 2 ** 21;
/** `MADV_HUGEPAGE` of Linux. */
const adviceHugePage = 14;
let libc: ReturnType<typeof open> | undefined;

function open() {
  return dlopen("libc.so.6", { madvise: { args: ["usize", "usize", "i32"], returns: "i32" } });
}
