import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

/**
 * Asks the operating system to back memory that is read at random by pages of 2 MiB instead of 4 KiB: the processor then
 * translates addresses without a look into memory, which makes lookups in large stores up to a third faster. What was
 * touched before is moved by the system in the background, some megabytes a second; what wasn't, at the first touch, which can
 * take 4 ms in a virtual machine whose host must find the memory. Only advice, without effect where the system doesn't do it.
 */
export function adviseHugePages(memory: Uint8Array | Int32Array): void {
  const address = ptr(memory);
  const start = Math.ceil(address / hugeBytes) * hugeBytes;
  const end = Math.floor((address + memory.byteLength) / hugeBytes) * hugeBytes;
  if (end > start) libc().madvise(start, end - start, adviceHugePage);
}

const hugeBytes = 2 ** 21;
/** `MADV_HUGEPAGE` of Linux. */
const adviceHugePage = 14;
