import { existsSync, readFileSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { nodeFileSystem as files } from "../../../store/file/index.ts";

/** Folders that are being replaced, as the journal of a state's folder tells. */
const journalSchema = z.object({
  swaps: z.array(
    z.object({
      folder: z.string(),
      next: z.string(),
      before: z.string(),
      /** Whether what was there before stays, under the other name. */
      keep: z.boolean().optional(),
    }),
  ),
});
export type Swap = z.infer<typeof journalSchema>["swaps"][number];

const journalName = "restore.json";

/**
 * Puts new folders in the place of those that there are. Once the journal is on disk it happens, if need be by
 * {@link finishSwaps} of the next kernel: none of them stays half replaced.
 */
export async function swapFolders(stateFolder: string, swaps: readonly Swap[]): Promise<void> {
  const journal = join(stateFolder, journalName);
  const file = files.open(`${journal}.new`, "ensure");
  try {
    const text = Buffer.from(JSON.stringify({ swaps }));
    file.truncate(0);
    file.writeSync(text, 0);
    file.syncSync();
  } finally {
    file.close();
  }
  files.rename(`${journal}.new`, journal);
  await files.syncFolder(stateFolder);
  for (const swap of swaps) exchange(swap);
  await end(stateFolder, swaps);
}

/** Ends what a kernel that died had begun. Nobody may use the folders before. */
export function finishSwaps(stateFolder: string): void {
  const journal = join(stateFolder, journalName);
  if (!existsSync(journal)) return;
  const { swaps } = journalSchema.parse(JSON.parse(readFileSync(journal, "utf8")));
  for (const swap of swaps) exchange(swap);
  // Space only, from here on.
  void end(stateFolder, swaps).catch(() => undefined);
}

function exchange({ folder, next, before }: Swap): void {
  if (!existsSync(next)) return;
  if (existsSync(folder)) renameSync(folder, before);
  renameSync(next, folder);
}

async function end(stateFolder: string, swaps: readonly Swap[]): Promise<void> {
  const parents = swaps.flatMap(({ folder, before, keep }) =>
    [folder, ...(keep === true ? [before] : [])].map(dirname),
  );
  for (const parent of new Set(parents)) await files.syncFolder(parent);
  await files.remove(join(stateFolder, journalName));
  await files.syncFolder(stateFolder);
  for (const { before, keep } of swaps) if (keep !== true) await rm(before, { recursive: true, force: true });
}
