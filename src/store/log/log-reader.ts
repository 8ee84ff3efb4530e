import { StoreError } from "../error.ts";
import type { FileSystem, StoreFile } from "../file/index.ts";
import type { Point } from "./metadata-format.ts";
import { type Page, readPage } from "./page.ts";
import type { SegmentFile, Segments } from "./segments.ts";

export interface ReadableLog {
  readonly files: FileSystem;
  readonly identity: number;
  readonly segments: Segments;
  readonly begin: () => Point;
  /** Nothing at or behind it is shown to readers. */
  readonly committed: () => Point;
}

/** Reads durable entries page by page. Entries before the log's begin are passed over, also when it moves meanwhile. */
export class LogReader {
  readonly #log: ReadableLog;
  #at: Point;
  #open: { readonly file: StoreFile; readonly segment: SegmentFile } | undefined;

  constructor(log: ReadableLog, from: Point) {
    this.#log = log;
    this.#at = from;
  }

  get position(): Point {
    return this.#at;
  }

  /**
   * The next entries before the durable end; `undefined` when there are none.
   * @throws `corrupt` when what was durable isn't there any more
   */
  async next(): Promise<Page | undefined> {
    const begin = this.#log.begin();
    if (this.#at.address < begin.address) this.#at = begin;
    const limit = this.#log.committed().address;
    if (this.#at.address >= limit) return undefined;
    const at = this.#at;
    const place = this.#log.segments.at(at.address);
    if (place === undefined) return this.#retry(at, `no segment holds address ${at.address}`);
    let page: Page;
    try {
      const file = this.#fileOf(place.segment);
      page = await readPage(file, place.segment.base, at, Math.min(limit, place.end), this.#log.identity);
    } catch (error) {
      const failure = StoreError.fromFile(`reading ${place.segment.path}`, error);
      if (failure.code !== "not_found") throw failure;
      return this.#retry(at, failure.message);
    }
    if (page.end.address === at.address) {
      return this.#retry(at, `${place.segment.path} is damaged at address ${at.address}, sequence ${at.sequence}`);
    }
    this.#at = page.end;
    return page;
  }

  close(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }

  /** A truncation may have overtaken the reader; anything else is damage. */
  #retry(at: Point, message: string): Promise<Page | undefined> {
    this.close();
    if (this.#log.begin().address > at.address) return this.next();
    throw new StoreError("corrupt", message);
  }

  #fileOf(segment: SegmentFile): StoreFile {
    if (this.#open?.segment !== segment) {
      this.close();
      this.#open = { segment, file: this.#log.files.open(segment.path, "read") };
    }
    return this.#open.file;
  }
}
