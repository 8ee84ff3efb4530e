import type { FileSystem } from "../file/index.ts";
import { unitBytes } from "../hybrid-log/layout.ts";
import type { LogMemory } from "../hybrid-log/log-memory.ts";
import { type ChunkSource, type ChunkWriter, headBytes, maxPieceBytes, readChunks } from "./chunk-file.ts";

/** An extent is a copy of a part of the log: its address (float64), its units (uint32), 0, then the bytes. */
const headerBytes = headBytes;
const maxUnits = (maxPieceBytes - headerBytes) / 8;
/** From this size on an extent is a chunk of its own, written from where it lies. */
const directUnits = 8_192;

/** Copies a part of the log that is in memory, all in one page, and doesn't change meanwhile. */
export async function writeExtent(writer: ChunkWriter, memory: LogMemory, from: number, to: number): Promise<void> {
  for (let address = from; address < to; ) {
    const end = Math.min(to, address + maxUnits);
    const isDirect = end - address >= directUnits;
    const piece = isDirect
      ? new Uint8Array(headerBytes)
      : await writer.reserve(headerBytes + (end - address) * unitBytes);
    const view = new DataView(piece.buffer, piece.byteOffset);
    view.setFloat64(0, address, true);
    view.setUint32(8, end - address, true);
    view.setUint32(12, 0, true);
    if (isDirect) await writer.writeThrough(piece, memory.range(address, end));
    else piece.set(memory.range(address, end), headerBytes);
    address = end;
  }
}

/** Puts the extents of a file from `least` on back into memory. */
export async function readExtents(
  files: FileSystem,
  source: ChunkSource,
  memory: LogMemory,
  least: number,
): Promise<void> {
  for await (const chunk of readChunks(files, source)) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < chunk.length; ) {
      const address = view.getFloat64(at, true);
      const units = view.getUint32(at + 8, true);
      const skipped = Math.min(units, Math.max(0, least - address));
      if (skipped < units) {
        const bytes = chunk.subarray(at + headerBytes + skipped * 8, at + headerBytes + units * 8);
        memory.range(address + skipped, address + units).set(bytes);
      }
      at += headerBytes + units * 8;
    }
  }
}
