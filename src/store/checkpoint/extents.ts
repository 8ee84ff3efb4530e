import type { FileSystem } from "../file/index.ts";
import type { LogMemory } from "../hybrid-log/log-memory.ts";
import { type ChunkSource, type ChunkWriter, maxPieceBytes, readChunks } from "./chunk-file.ts";

/** An extent is a copy of a part of the log: its address (float64), its units (uint32), 0, then the bytes. */
const headerBytes = 16;
const maxUnits = (maxPieceBytes - headerBytes) / 8;

/** Copies a part of the log that is in memory, all in one page. */
export async function writeExtent(writer: ChunkWriter, memory: LogMemory, from: number, to: number): Promise<void> {
  for (let address = from; address < to; ) {
    const end = Math.min(to, address + maxUnits);
    const piece = await writer.reserve(headerBytes + (end - address) * 8);
    const view = new DataView(piece.buffer, piece.byteOffset);
    view.setFloat64(0, address, true);
    view.setUint32(8, end - address, true);
    view.setUint32(12, 0, true);
    piece.set(memory.range(address, end), headerBytes);
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
