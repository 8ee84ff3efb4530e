import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { blockKinds, type RawBlock } from "../block.ts";
import { encodeItems, type FileItem, itemBytes, itemTypes } from "./item.ts";

/** What a block gathers, and the most of a file that one item holds. */
const fullBytes = 256 * 2 ** 10;
const nothing = new Uint8Array();

export interface FilesBlock extends RawBlock {
  /** Of the files' contents. */
  readonly contentBytes: number;
}

/**
 * All that the declared folders hold, as blocks: folders, files and symbolic links. Sockets, FIFOs and devices are no state.
 * @param sources one for each folder
 */
export async function* captureFolders(sources: readonly Source[]): AsyncGenerator<FilesBlock> {
  let items: FileItem[] = [];
  let bytes = 0;
  const take = (): FilesBlock => {
    const block = {
      kind: blockKinds.files,
      bytes: encodeItems(items),
      items: items.filter(({ type }) => type !== itemTypes.piece).length,
      contentBytes: items.reduce((sum, { content }) => sum + content.length, 0),
    };
    items = [];
    bytes = 0;
    return block;
  };
  for (const [folder, source] of sources.entries()) {
    for await (const item of itemsOf(source, folder)) {
      items.push(item);
      bytes += itemBytes(item);
      if (bytes >= fullBytes) yield take();
    }
  }
  if (items.length > 0) yield take();
}

/** Where the items of a folder come from: its entries, and a place where the contents of its files lie. */
export interface Source {
  readonly entries: () => AsyncIterable<Entry> | Iterable<Entry>;
  readonly contents: string;
}

/** A folder as it is when it is read. */
export function present(folder: string): Source {
  return { entries: () => entriesOf(folder), contents: folder };
}

/** Changes whenever a file is written, made or removed; reads no contents. */
export async function fingerprint(folders: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const [folder, root] of folders.entries()) {
    for await (const { path, stats } of entriesOf(root)) {
      const { mode, size, mtimeNs, ino } = stats;
      hash.update(`${folder}\0${path}\0${mode}\0${stats.isDirectory() ? 0 : size}\0${mtimeNs}\0${ino}\n`);
    }
  }
  return hash.digest("hex");
}

async function* itemsOf({ entries, contents }: Source, folder: number): AsyncGenerator<FileItem> {
  for await (const { path, stats, target } of entries()) {
    const about = { folder, mode: Number(stats.mode) & 0o7777, modified: Number(stats.mtimeNs) / 1e6, path };
    if (stats.isDirectory()) yield { ...about, type: itemTypes.folder, content: nothing };
    else if (target !== undefined) yield { ...about, type: itemTypes.link, content: Buffer.from(target) };
    else if (stats.isFile()) yield* pieces(join(contents, path), about);
  }
}

export interface Entry {
  /** Below the folder; of itself "". */
  readonly path: string;
  readonly stats: Awaited<ReturnType<typeof statsOf>>;
  /** Of a symbolic link. */
  readonly target?: string;
}

/** A folder before what is in it, names in order. */
export async function* entriesOf(root: string, path = ""): AsyncGenerator<Entry> {
  const full = join(root, path);
  const stats = await statsOf(full);
  yield stats.isSymbolicLink() ? { path, stats, target: await readlink(full) } : { path, stats };
  if (!stats.isDirectory()) return;
  const names: Dirent[] = await readdir(full, { withFileTypes: true });
  for (const { name } of names.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    yield* entriesOf(root, path === "" ? name : `${path}/${name}`);
  }
}

function statsOf(path: string) {
  return lstat(path, { bigint: true });
}

async function* pieces(full: string, about: Omit<FileItem, "type" | "content">): AsyncGenerator<FileItem> {
  const file = await open(full, "r");
  try {
    for (let isFirst = true; ; isFirst = false) {
      const buffer = Buffer.allocUnsafeSlow(fullBytes);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      const type = isFirst ? itemTypes.file : itemTypes.piece;
      if (isFirst || bytesRead > 0) yield { ...about, type, content: buffer.subarray(0, bytesRead) };
      if (bytesRead === 0) return;
    }
  } finally {
    await file.close();
  }
}
