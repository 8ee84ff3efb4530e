import { chmod, type FileHandle, mkdir, open, symlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { blockKinds, type RawBlock } from "../block.ts";
import { damaged } from "../header.ts";
import { decodeItems, type FileItem, itemTypes } from "./item.ts";

/**
 * Writes captured files into new folders, synced.
 * @param targets one for each declared folder; none of them exists
 * @throws SoloError `storage_corrupt` for a file whose folder the capture doesn't have, or a folder too many
 */
export async function extractFolders(blocks: AsyncIterable<RawBlock>, targets: readonly string[]): Promise<void> {
  const extraction = new Extraction(targets);
  try {
    for await (const { kind, bytes } of blocks) {
      if (kind !== blockKinds.files) continue;
      for (const item of decodeItems(bytes)) await extraction.take(item);
    }
  } finally {
    await extraction.endFile();
  }
  await extraction.end();
}

class Extraction {
  readonly #targets: readonly string[];
  /** Only in these is anything made, so that no link leads out. */
  readonly #folders = new Map<string, FileItem>();
  #file: { readonly handle: FileHandle; readonly path: string; readonly item: FileItem } | undefined;

  constructor(targets: readonly string[]) {
    this.#targets = targets;
  }

  async take(item: FileItem): Promise<void> {
    const target = this.#targets[item.folder];
    if (target === undefined) throw damaged("it captured more folders than the service declares");
    const path = join(target, item.path);
    if (item.type === itemTypes.piece) {
      if (this.#file?.path !== path) throw damaged("a piece of a file has no beginning");
      await this.#file.handle.writeFile(item.content);
      return;
    }
    await this.endFile();
    if (item.path !== "" && !this.#folders.has(dirname(path))) throw damaged(`the folder of ${item.path} is missing`);
    if (item.type === itemTypes.folder) {
      await mkdir(path, { mode: 0o700 });
      this.#folders.set(path, item);
    } else if (item.type === itemTypes.link) await symlink(Buffer.from(item.content).toString(), path);
    else {
      const handle = await open(path, "wx", 0o600);
      this.#file = { handle, path, item };
      await handle.writeFile(item.content);
    }
  }

  async endFile(): Promise<void> {
    if (this.#file === undefined) return;
    const { handle, item } = this.#file;
    this.#file = undefined;
    try {
      await handle.chmod(item.mode);
      await handle.utimes(item.modified / 1_000, item.modified / 1_000);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Modes and times of folders come last: making files in them changes them. */
  async end(): Promise<void> {
    for (const [path, { mode, modified }] of [...this.#folders].reverse()) {
      await utimes(path, modified / 1_000, modified / 1_000);
      const handle = await open(path, "r");
      await handle.sync().finally(() => handle.close());
      await chmod(path, mode);
    }
  }
}
