import type { FileSystem } from "../file/index.ts";
import { joinAddress, previousHigh, previousLow } from "../hybrid-log/layout.ts";
import type { LogMemory } from "../hybrid-log/log-memory.ts";
import type { HashIndex } from "../index/index.ts";
import { type ChunkSource, type ChunkWriter, readChunks } from "./chunk-file.ts";
import { FoundEntries } from "./found-entries.ts";

/** An entry: hash of the keys (int32), 0, address (float64). */
const entryBytes = 16;
/** Buckets copied in one turn of the event loop: well under a millisecond. */
const bucketsPerTurn = 1_024;
/** Entries that are put into a chunk at once. */
const perPiece = 16_384;

/**
 * Writes the index as it was when the log ended at `start`, while it goes on changing: an entry that has moved on is
 * followed back along its chain. Nothing from `start` on may leave memory, and the index may not grow meanwhile.
 */
export async function writeIndex(
  writer: ChunkWriter,
  index: HashIndex,
  memory: LogMemory,
  start: number,
): Promise<number> {
  let entries = 0;
  const found = new FoundEntries();
  for (let from = 0; from < index.buckets; from += bucketsPerTurn) {
    found.clear();
    index.visit(from, from + bucketsPerTurn, (hash, newest) => {
      const address = before(memory, newest, start);
      if (address >= memory.begin) found.add(hash, address);
    });
    if (found.count === 0) continue;
    for (let first = 0; first < found.count; first += perPiece) {
      const count = Math.min(perPiece, found.count - first);
      writeEntries(await writer.reserve(count * entryBytes), found, first);
    }
    entries += found.count;
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  return entries;
}

/** Fills a piece with the entries from `first` on. */
function writeEntries(piece: Uint8Array, { hashes, addresses }: FoundEntries, first: number): void {
  const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
  for (let at = 0, entry = first; at < piece.length; at += entryBytes, entry++) {
    view.setInt32(at, hashes[entry] ?? 0, true);
    view.setInt32(at + 4, 0, true);
    view.setFloat64(at + 8, addresses[entry] ?? 0, true);
  }
}

/** Fills an empty index. Entries outside `begin`–`start` can't be right: `false`. */
export async function readIndex(
  files: FileSystem,
  source: ChunkSource,
  index: HashIndex,
  begin: number,
  start: number,
): Promise<boolean> {
  for await (const chunk of readChunks(files, source)) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at + entryBytes <= chunk.length; at += entryBytes) {
      const address = view.getFloat64(at + 8, true);
      if (address >= start) return false;
      if (address >= begin) index.insert(view.getInt32(at, true), address);
    }
  }
  return true;
}

function before(memory: LogMemory, newest: number, start: number): number {
  let address = newest;
  while (address >= start) {
    const at = memory.at(address);
    address = joinAddress(memory.words[at + previousLow] ?? 0, memory.words[at + previousHigh] ?? 0);
  }
  return address;
}
