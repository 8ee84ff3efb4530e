import { join } from "node:path";
import { checkCheckpointFiles } from "../check/check-checkpoint.ts";
import type { Damage } from "../check/damage.ts";
import type { FileSystem } from "../file/index.ts";
import { type Catalog, type Checkpoint, checkpointFolder, setAside, writeCheckpoint } from "./catalog.ts";

/** What `repair` did to checkpoints: sentences, and those that it set aside. */
export interface Mended {
  readonly problems: readonly string[];
  readonly setAside: readonly string[];
}

/**
 * Reads all checkpoints and sets aside those that aren't whole, so that only whole ones are left to go back to. Of one whose
 * index alone is damaged only that goes: the log has all that it says. The catalog forgets what was set aside.
 */
export async function mendCheckpoints(files: FileSystem, folder: string, catalog: Catalog): Promise<Mended> {
  const problems: string[] = [];
  const aside: string[] = [];
  const away = async (id: string, problem: string) => {
    await setAside(files, folder, id);
    aside.push(id);
    problems.push(`checkpoint ${id} was set aside: ${problem}`);
  };
  for (const { id, problem } of catalog.damaged.splice(0)) await away(id, problem.message);
  for (const checkpoint of catalog.checkpoints.splice(0)) {
    const { id, base } = checkpoint;
    const damages = await checkCheckpointFiles(files, folder, checkpoint);
    const unfit = damages.find(({ file }) => checkpoint.kind === "index" || !file.endsWith("index"));
    const isBaseless = base !== undefined && !catalog.checkpoints.some((one) => one.id === base);
    if (unfit !== undefined) await away(id, describe(unfit));
    else if (isBaseless) await away(id, `its base ${base} isn't whole`);
    else {
      const [first] = damages;
      if (first !== undefined) problems.push(`checkpoint ${id} goes on without its index: ${describe(first)}`);
      catalog.checkpoints.push(first === undefined ? checkpoint : await withoutIndex(files, folder, checkpoint));
    }
  }
  return { problems, setAside: aside };
}

async function withoutIndex(files: FileSystem, folder: string, checkpoint: Checkpoint): Promise<Checkpoint> {
  const bare: Checkpoint = {
    ...checkpoint,
    indexChunks: 0,
    indexStart: 0,
    indexGeneration: 0,
    indexVersion: 0,
    indexSessions: new Map(),
  };
  await writeCheckpoint(files, folder, bare);
  await files.remove(join(checkpointFolder(folder, checkpoint.id), "index"));
  return bare;
}

function describe({ file, offset, problem }: Damage): string {
  return `${file} at byte ${offset}: ${problem}`;
}
