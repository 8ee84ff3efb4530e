import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { SoloError } from "../../api/index.ts";
import type { Paths } from "../../config/index.ts";
import type { SuperviseRuntime } from "../../supervise/index.ts";

/** Makes the folders that a kernel works in, for its user alone. */
export function prepareFolders(paths: Paths): SuperviseRuntime["folders"] {
  const folders = { fifos: join(paths.run, "fifos"), exits: join(paths.run, "exits") };
  for (const folder of [paths.dataDir, paths.artifacts, paths.logs, paths.run, folders.fifos, folders.exits]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  chmodSync(paths.dataDir, 0o700);
  if (dirname(paths.controlSocket) !== paths.dataDir) prepareSocketFolder(dirname(paths.controlSocket));
  return folders;
}

/**
 * The folder in /tmp of the sockets whose own would have too long a path. Anyone may have made one of that name before.
 * @throws SoloError `forbidden` when it is not this user's own
 */
function prepareSocketFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.()) {
    throw new SoloError("forbidden", `${folder} belongs to somebody else, and the sockets must lie there`, {
      hint: "choose a data directory with a shorter path: its sockets then lie in it",
    });
  }
  chmodSync(folder, 0o700);
}
