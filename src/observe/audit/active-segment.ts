import type { FileSystem, StoreFile } from "../../store/file/index.ts";
import { type Segment, segmentAt } from "./segments.ts";

/**
 * Room is made ahead in steps of this, in bytes, by writing zeros: records that replace them need nothing of a disk that has
 * become full meanwhile, and their sync has no file size to change.
 */
const longestStepBytes = 262_144;

/** The file that records go to. One call is over before the next begins. */
export class ActiveSegment {
  readonly segment: Segment;
  readonly #file: StoreFile;
  #size: number;
  #end: number;

  private constructor(segment: Segment, file: StoreFile, end: number) {
    this.segment = segment;
    this.#file = file;
    this.#size = file.size();
    this.#end = end;
  }

  /** Goes on in a segment that ends at `end`. */
  static open(files: FileSystem, segment: Segment, end: number): ActiveSegment {
    return new ActiveSegment(segment, files.open(segment.path, "write"), end);
  }

  /** Begins a segment with room for so many bytes in it; throws when the disk has none, and leaves nothing then. */
  static async begin(
    files: FileSystem,
    folder: string,
    { first, bytes, limit }: { readonly first: number; readonly bytes: number; readonly limit: number },
  ): Promise<ActiveSegment> {
    const segment = segmentAt(folder, first);
    const file = files.open(segment.path, "ensure");
    try {
      file.truncate(0);
      const begun = new ActiveSegment(segment, file, 0);
      await begun.makeRoom(bytes, Math.max(bytes, limit));
      await files.syncFolder(folder);
      return begun;
    } catch (error) {
      file.close();
      await files.remove(segment.path);
      throw error;
    }
  }

  /** Behind the last record. */
  get end(): number {
    return this.#end;
  }

  /** Bytes that can be written without asking the disk for more. */
  get room(): number {
    return this.#size - this.#end;
  }

  /** Sees to room for so many bytes. False when the file would grow beyond `limit`; throws when the disk has none. */
  async makeRoom(bytes: number, limit: number): Promise<boolean> {
    if (bytes <= this.room) return true;
    if (this.#end + bytes > limit) return false;
    const step = Math.min(longestStepBytes, limit);
    const size = Math.ceil((this.#end + bytes) / step) * step;
    try {
      await this.#file.write(new Uint8Array(size - this.#size), this.#size);
      // Some file systems find out only here that they have no room.
      await this.#file.sync();
    } catch (error) {
      this.#file.truncate(this.#size);
      throw error;
    }
    this.#size = size;
    return true;
  }

  /** Writes behind the last record, durably. They count only after {@link accept}. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#file.write(bytes, this.#end);
    await this.#file.sync();
  }

  accept(bytes: number): void {
    this.#end += bytes;
  }

  /** Makes zeros again of what was written and not accepted. */
  async undo(): Promise<void> {
    this.#size = this.#file.size();
    if (this.room > 0) await this.#file.write(new Uint8Array(this.room), this.#end);
    await this.#file.sync();
  }

  /** Ends the segment for good: nothing follows its last record. */
  async seal(): Promise<void> {
    this.#file.truncate(this.#end);
    await this.#file.sync();
    this.#file.close();
  }

  close(): void {
    this.#file.close();
  }
}
