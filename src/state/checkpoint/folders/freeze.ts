import { constants } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Entry, entriesOf, type Source } from "./capture.ts";

/** Folders as they were at one moment, whatever becomes of them. */
export interface Frozen {
  readonly sources: readonly Source[];
  /** Gives their space back. */
  release(): Promise<void>;
}

/** Makes a copy of a file that shares its blocks, or throws. */
type Clone = (from: string, to: string) => Promise<void>;

/** Beside the folder, because blocks are shared within one file system only. */
const behindName = ".frozen";

/**
 * Clones the files of folders (`FICLONE`: no content is read or written), so that whoever writes to them need not wait for
 * their capture. Undefined where the file system can't; nothing is left then. Nobody may write to them meanwhile.
 */
export async function freezeFolders(folders: readonly string[], clone: Clone = reflink): Promise<Frozen | undefined> {
  const copies = folders.map((folder) => folder + behindName);
  const release = async () => {
    for (const copy of copies) await rm(copy, { recursive: true, force: true });
  };
  // What a kernel left that died.
  await release();
  try {
    const sources: Source[] = [];
    for (const [index, folder] of folders.entries()) sources.push(await freeze(folder, copies[index] ?? "", clone));
    return { sources, release };
  } catch (error) {
    await release();
    if (isUnable(error)) return undefined;
    throw error;
  }
}

async function freeze(folder: string, copy: string, clone: Clone): Promise<Source> {
  const listed: Entry[] = [];
  for await (const entry of entriesOf(folder)) {
    listed.push(entry);
    const { path, stats } = entry;
    if (stats.isDirectory()) await mkdir(join(copy, path), { mode: 0o700 });
    else if (stats.isFile()) await clone(join(folder, path), join(copy, path));
  }
  return { entries: () => listed, contents: copy };
}

function reflink(from: string, to: string): Promise<void> {
  return copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
}

/** No reflinks here, or not between these two places, or no right to write beside the folder. */
function isUnable(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && unable.has(code);
}

const unable: ReadonlySet<string> = new Set([
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "ENOTTY",
  "EXDEV",
  "EINVAL",
  "EACCES",
  "EPERM",
  "EROFS",
]);
