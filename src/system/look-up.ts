import type { Stats } from "node:fs";

/**
 * What is at a path, links followed; undefined when nothing is. By Bun's own means: to load `node:fs` takes a millisecond,
 * a tenth of what a command takes, so commands do without it as long as they can.
 * @throws what the system refuses
 */
export async function lookUp(path: string): Promise<Stats | undefined> {
  try {
    return await Bun.file(path).stat();
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw thrown;
  }
}
