import { basename, dirname } from "node:path";
import { StoreError } from "../error.ts";
import { checksum64, type FileSystem } from "../file/index.ts";

/** The version of all formats of the key-value store. Later ones read the two before them. */
export const formatVersion = 1;

const magic = "solo-kv";
/** No metadata comes near it; a damaged length must not fill the memory. */
const maxBytes = 64 * 2 ** 20;

/**
 * Writes metadata: a line `solo-kv VERSION CHECKSUM`, then JSON. Replaces an older file in one step: written to a temporary
 * file, synced, renamed, and the folder synced.
 * @param copy path in the same folder that gets the same
 */
export async function writeDocument(files: FileSystem, path: string, content: object, copy?: string): Promise<void> {
  const body = Buffer.from(JSON.stringify(content, undefined, 1));
  const text = Buffer.concat([Buffer.from(`${magic} ${formatVersion} ${hexOf(formatVersion, body)}\n`), body]);
  const paths = copy === undefined ? [path] : [path, copy];
  for (const each of paths) await writeNew(files, `${each}.new`, text);
  for (const each of paths) files.rename(`${each}.new`, each);
  await files.syncFolder(dirname(path));
}

async function writeNew(files: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  await files.remove(path);
  const file = files.open(path, "create");
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    file.close();
  }
}

/** Reads what {@link writeDocument} wrote. Throws `corrupt`, `too_new`, or what opening the file throws. */
export async function readDocument(files: FileSystem, path: string): Promise<Fields> {
  const file = files.open(path, "read");
  try {
    const bytes = Buffer.alloc(Math.min(file.size(), maxBytes));
    const count = await file.read(bytes, 0);
    return parse(bytes.subarray(0, count), path);
  } finally {
    file.close();
  }
}

function parse(bytes: Buffer, path: string): Fields {
  const end = bytes.indexOf(10);
  const [word, version, sum] = bytes.toString("latin1", 0, Math.max(0, end)).split(" ");
  if (word !== magic || version === undefined) throw corrupt(path, "it doesn't begin as metadata does");
  const body = bytes.subarray(end + 1);
  // The version counts too, lest a damaged one pass for a later format.
  if (hexOf(Number(version), body) !== sum) throw corrupt(path, "its checksum doesn't match");
  if (Number(version) > formatVersion) {
    throw new StoreError("too_new", `${path} has format ${version}; this version reads up to ${formatVersion}`);
  }
  const content: unknown = JSON.parse(body.toString());
  if (typeof content !== "object" || content === null) throw corrupt(path, "it holds no object");
  return new Fields(content, basename(path));
}

/** The members of a metadata object, each checked when it is asked for. */
export class Fields {
  readonly content: object;
  readonly #name: string;

  constructor(content: object, name: string) {
    this.content = content;
    this.#name = name;
  }

  number(name: string): number {
    const value = this.#get(name);
    if (typeof value !== "number" || !Number.isFinite(value)) throw corrupt(this.#name, `${name} isn't a number`);
    return value;
  }

  text(name: string): string {
    const value = this.#get(name);
    if (typeof value !== "string") throw corrupt(this.#name, `${name} isn't a text`);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.#get(name) === undefined ? undefined : this.text(name);
  }

  numbers(name: string): Map<string, number> {
    const value = this.#get(name);
    if (typeof value !== "object" || value === null) throw corrupt(this.#name, `${name} isn't an object`);
    return new Map(Object.entries(value).map(([key, number]) => [key, Number(number)]));
  }

  #get(name: string): unknown {
    return Object.entries(this.content).find(([key]) => key === name)?.[1];
  }
}

function hexOf(version: number, body: Uint8Array): string {
  const { high, low } = checksum64(Buffer.concat([Buffer.from(`${magic} ${version}\n`), body]));
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

function corrupt(path: string, why: string): StoreError {
  return new StoreError("corrupt", `${path} is damaged: ${why}`);
}
