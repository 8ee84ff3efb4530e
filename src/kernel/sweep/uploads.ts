import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Kernel } from "../kernel.ts";

/** So long a file that was brought may wait for the deploy that needs it. */
const keptMs = 3_600_000;

/** Removes what was brought for a deploy and is needed by no revision. */
export async function sweepUploads(kernel: Kernel): Promise<void> {
  const { uploads } = kernel.paths;
  const oldest = kernel.clock.now() - keptMs;
  for (const tenant of await namesIn(uploads)) {
    for (const name of await namesIn(join(uploads, tenant))) {
      const folder = join(uploads, tenant, name);
      const { mtimeMs } = await stat(folder);
      if (mtimeMs > oldest || kernel.parts.database.revisions.mention(folder)) continue;
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
