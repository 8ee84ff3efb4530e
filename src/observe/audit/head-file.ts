import { checksum64, type FileSystem, type StoreFile } from "../../store/file/index.ts";
import type { ChainPoint } from "./record.ts";

/** The last acknowledged record and where its line ends. */
export interface TrailHead extends ChainPoint {
  /** The first sequence of the segment that the record is in. */
  readonly segment: number;
  /** Bytes of that file up to and with the record's newline. */
  readonly end: number;
}

/** Two of them, written by turns, so that one is whole whatever a crash does to the other. A disk's page each. */
const slotBytes = 4_096;

/**
 * The head of the chain, kept apart from the records: what was acknowledged can't be cut off without being missed. Written
 * in place, so that it needs no room on a full disk.
 */
export class HeadFile {
  readonly #file: StoreFile;
  #slot: 0 | 1;

  constructor(file: StoreFile, slot: 0 | 1) {
    this.#file = file;
    this.#slot = slot;
  }

  /** Opens or makes the file; what it held is `head`. */
  static async open(files: FileSystem, path: string, folder: string): Promise<{ file: HeadFile; head?: TrailHead }> {
    const file = files.open(path, "ensure");
    try {
      if (file.size() < 2 * slotBytes) {
        await file.write(new Uint8Array(2 * slotBytes - file.size()), file.size());
        await file.sync();
        await files.syncFolder(folder);
      }
      const { head, slot } = readSlots(file);
      // The next one goes where the newest is not.
      return { file: new HeadFile(file, slot === 0 ? 1 : 0), ...(head && { head }) };
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Durable when it resolves. */
  async write(head: TrailHead): Promise<void> {
    const body = JSON.stringify(head);
    const bytes = Buffer.alloc(slotBytes);
    bytes.write(`${body} ${checkOf(body)}\n`);
    await this.#file.write(bytes, this.#slot * slotBytes);
    await this.#file.sync();
    this.#slot = this.#slot === 0 ? 1 : 0;
  }

  close(): void {
    this.#file.close();
  }
}

/** The head as the file has it; `undefined` when there is none, or none that is whole. Changes nothing. */
export function readHead(files: FileSystem, path: string): TrailHead | undefined {
  let file: StoreFile;
  try {
    file = files.open(path, "read");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return readSlots(file).head;
  } finally {
    file.close();
  }
}

function readSlots(file: StoreFile): { head: TrailHead | undefined; slot: 0 | 1 } {
  const heads = ([0, 1] as const).map((slot) => ({ slot, head: readSlot(file, slot) }));
  const [newest] = heads.sort((one, other) => (other.head?.sequence ?? -1) - (one.head?.sequence ?? -1));
  return newest ?? { head: undefined, slot: 1 };
}

function readSlot(file: StoreFile, slot: 0 | 1): TrailHead | undefined {
  const bytes = Buffer.alloc(slotBytes);
  const length = file.readSync(bytes, slot * slotBytes);
  const line = bytes.subarray(0, length).toString("latin1").split("\n")[0] ?? "";
  const space = line.lastIndexOf(" ");
  const body = line.slice(0, Math.max(space, 0));
  if (body === "" || checkOf(body) !== line.slice(space + 1)) return undefined;
  const { sequence, hash, segment, end } = JSON.parse(body);
  return { sequence, hash, segment, end };
}

function checkOf(body: string): string {
  const { high, low } = checksum64(Buffer.from(body));
  return `${high.toString(16).padStart(8, "0")}${low.toString(16).padStart(8, "0")}`;
}
