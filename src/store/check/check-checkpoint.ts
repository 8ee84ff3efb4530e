import { join } from "node:path";
import { type Checkpoint, checkpointFolder, tokenOf } from "../checkpoint/catalog.ts";
import { checkChunks } from "../checkpoint/chunk-file.ts";
import type { FileSystem } from "../file/index.ts";
import { isMissing } from "../hybrid-log/log-files.ts";
import type { Damage } from "./damage.ts";

/** Reads both files of a checkpoint and checks every chunk of them. */
export async function checkCheckpointFiles(
  files: FileSystem,
  folder: string,
  { id, logChunks, indexChunks }: Pick<Checkpoint, "id" | "logChunks" | "indexChunks">,
): Promise<Damage[]> {
  const log = await checkFile(files, folder, id, "log", logChunks);
  return [...log, ...(await checkFile(files, folder, id, "index", indexChunks))];
}

async function checkFile(
  files: FileSystem,
  folder: string,
  id: string,
  name: "log" | "index",
  chunks: number,
): Promise<Damage[]> {
  if (chunks === 0) return [];
  const file = join("checkpoints", id, name);
  const damages: Damage[] = [];
  try {
    const source = { path: join(checkpointFolder(folder, id), name), chunks, token: tokenOf(id) };
    for await (const chunk of checkChunks(files, source)) {
      if (chunk instanceof Uint8Array) continue;
      const rest = chunk.skippable ? "a chunk isn't what was written" : "the chunks from here on can't be read";
      damages.push({ file, offset: chunk.position, problem: rest });
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
    damages.push({ file, offset: 0, problem: "the file is missing" });
  }
  return damages;
}
