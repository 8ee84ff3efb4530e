import type { Geometry } from "./geometry.ts";
import { unitBytes } from "./layout.ts";
import type { LogMemory } from "./log-memory.ts";

/**
 * The last block of a page: a CRC-32 of every block before it, then, in the block's last word, a CRC-32 of that table and
 * of the page's number, so that neither a torn page nor one in the wrong place passes.
 */
export function sealPage(page: Uint8Array, number: number, { blockBytes, pageBytes }: Geometry): void {
  const at = pageBytes - blockBytes;
  const table = new DataView(page.buffer, page.byteOffset + at, blockBytes);
  page.fill(0, at, pageBytes);
  for (let block = 0; block * blockBytes < at; block++) {
    table.setUint32(block * 4, Bun.hash.crc32(page.subarray(block * blockBytes, (block + 1) * blockBytes)), true);
  }
  table.setUint32(blockBytes - 4, sealOf(page.subarray(at, pageBytes - 4), number), true);
}

/** The table of a sealed page, or `undefined` when its last block isn't what was written. */
export function readSeal(block: Uint8Array, number: number): Uint32Array | undefined {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (view.getUint32(block.byteLength - 4, true) !== sealOf(block.subarray(0, -4), number)) return undefined;
  return new Uint32Array(block.slice().buffer);
}

/** Where in a page the first block begins that anybody may read: those below the log's begin have been freed. */
export function firstBlock(page: number, { begin, geometry }: LogMemory): number {
  const { blockBytes, pageBytes } = geometry;
  const offset = begin * unitBytes - page * pageBytes;
  return Math.max(0, Math.floor(offset / blockBytes) * blockBytes);
}

export function blockIsSound(bytes: Uint8Array, seal: Uint32Array, block: number): boolean {
  return Bun.hash.crc32(bytes) === seal[block];
}

function sealOf(table: Uint8Array, number: number): number {
  return (Bun.hash.crc32(table) ^ Math.imul((number | 0) ^ 0x534f4c4f, 0x9e3779b1)) >>> 0;
}
