import type { FileSystem } from "../../store/index.ts";
import { maxKeyBytes, maxValueBytes } from "../core/check-mutations.ts";
import { spaceCodes } from "../core/space.ts";
import { blockKinds, entriesOf } from "./block.ts";
import { damaged } from "./header.ts";
import type { CheckpointInfo } from "./info.ts";
import { readBlocks, readInfo } from "./read-file.ts";
import { turn } from "./write-file.ts";

/**
 * Reads all of a checkpoint as a restore would, and checks what a restore relies on: also a file from elsewhere, whose
 * checksums anybody could have made.
 * @throws SoloError `storage_corrupt`, `data_too_new`
 */
export async function verifyCheckpoint(files: FileSystem, path: string): Promise<CheckpointInfo> {
  const info = readInfo(files, path);
  let [entries, bytes, items] = [0, 0, 0];
  let last = Buffer.alloc(0);
  for await (const block of readBlocks(files, path)) {
    if (block.kind === blockKinds.files) {
      items += block.items;
      continue;
    }
    for (const { space, key, value, version } of entriesOf(block)) {
      const place = Buffer.from(`\0${key}`);
      place[0] = spaceCodes[space];
      if (entries > 0 && Buffer.compare(last, place) >= 0) throw damaged("its entries are out of order");
      if (place.length - 1 > maxKeyBytes || value.length > maxValueBytes) throw damaged("an entry is too long");
      if (!Number.isSafeInteger(version) || version < 0) throw damaged("an entry's version is no position");
      last = place;
      entries++;
      bytes += place.length - 1 + value.length;
    }
    await turn();
  }
  if (entries !== info.entries || items !== info.files || (items === 0 && bytes !== info.bytes)) {
    throw damaged("it holds something else than its header says");
  }
  return info;
}
