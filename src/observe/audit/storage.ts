import { join } from "node:path";
import type { FileSystem } from "../../store/file/index.ts";
import { ActiveSegment } from "./active-segment.ts";
import { HeadFile } from "./head-file.ts";
import { linesOf } from "./lines.ts";
import { type ChainPoint, chained, genesis, lineBytes, parseLine, serialize } from "./record.ts";
import { recover } from "./recover.ts";
import { listSegments, type Segment, segmentAt } from "./segments.ts";

export interface StorageOptions {
  readonly files: FileSystem;
  /** Of the segments. */
  readonly folder: string;
  /** Of the head, outside of that folder. */
  readonly headPath: string;
  /** What all segments together may take; at least 1 MB. The oldest are removed first. */
  readonly bytes: number;
  /** Wall time as RFC 3339, for the records that the trail writes itself. */
  readonly now: () => string;
  /** What is known from elsewhere to have been acknowledged: a trail that ends before it was put back. */
  readonly witness: ChainPoint | undefined;
  /** For tests. */
  readonly segmentBytes?: number | undefined;
}

/** Set aside for what must work on a full disk: some thousand records. */
const largestReserveBytes = 1_048_576;
const reserveSegments = 8;
const reserveName = "reserve";
const smallestSegmentBytes = 131_072;
const largestSegmentBytes = 4_194_304;
/** Segments that the budget is divided into: so much of it is removed at a time. */
const segmentsInBudget = 16;
/** Keeps the wait for the group before short. */
const longestGroupBytes = 131_072;

/** The files of a trail: appends groups of records durably, begins new segments, drops the oldest. Not for concurrent calls. */
export class TrailStorage {
  /** Why the trail is not what was acknowledged, as it was found at the start; null when it is. */
  readonly damage: string | null;
  readonly #options: StorageOptions;
  readonly #head: HeadFile;
  readonly #segmentBytes: number;
  #active: ActiveSegment | undefined;
  #point: ChainPoint;
  #pendingDamage: string | null;
  #hasReserve = false;
  #inReserve = false;
  #mustUndo = false;

  private constructor(options: StorageOptions, head: HeadFile, found: Awaited<ReturnType<typeof recover>>) {
    this.#options = options;
    this.#head = head;
    this.#point = found.point;
    this.damage = found.damage;
    this.#pendingDamage = found.damage;
    const share = Math.floor(options.bytes / segmentsInBudget);
    this.#segmentBytes = options.segmentBytes ?? Math.min(largestSegmentBytes, Math.max(smallestSegmentBytes, share));
    if (found.segment !== undefined) {
      this.#active = ActiveSegment.open(options.files, found.segment, found.segment.end);
    }
  }

  static async open(options: StorageOptions): Promise<TrailStorage> {
    const { files, folder, headPath, witness } = options;
    files.makeFolder(folder);
    const { file, head } = await HeadFile.open(files, headPath, join(folder, ".."));
    try {
      const recovered = await recover(files, folder, head);
      const isNew = head === undefined && recovered.damage === null;
      // From now on, records without a head are known to have lost it.
      if (isNew) await file.write({ ...genesis, segment: 0, end: 0 });
      const found = witnessed(recovered, witness);
      const storage = new TrailStorage(options, file, found);
      storage.#hasReserve = files.list(folder).includes(reserveName);
      return storage;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The last acknowledged record. */
  get point(): ChainPoint {
    return this.#point;
  }

  /** Where the acknowledged records end; `undefined` before the first. */
  get until(): { readonly segment: number; readonly end: number } | undefined {
    return this.#active && { segment: this.#active.segment.first, end: this.#active.end };
  }

  /** Whether only the reserve is left. */
  get isFull(): boolean {
    return this.#inReserve;
  }

  /** The most that the lines of one group may take. */
  get groupBytes(): number {
    return Math.min(longestGroupBytes, this.#segmentBytes / 2);
  }

  /**
   * Appends records in one write and one sync, and then the head of the chain. They are in the chain when it resolves, and
   * not when it rejects.
   * @param essential whether the reserve may be used for them
   */
  async append(records: readonly string[], essential: boolean): Promise<ChainPoint[]> {
    const active = await this.#room(
      records.reduce((sum, members) => sum + lineBytes(members), ownRecordsBytes),
      essential,
    );
    const dropped = active.end === 0 ? await this.#plannedDrop(active) : undefined;
    const own = [...this.#ownRecords(active), ...(dropped === undefined ? [] : [dropped.record])];
    const points: (ChainPoint & { text: string })[] = [];
    for (const members of [...own, ...records]) points.push(chained(points.at(-1) ?? this.#point, members));
    const bytes = Buffer.from(points.map(({ text }) => `${text}\n`).join(""), "latin1");
    const { sequence, hash } = points.at(-1) ?? { ...this.#point };
    this.#mustUndo = true;
    await active.write(bytes);
    await this.#head.write({ sequence, hash, segment: active.segment.first, end: active.end + bytes.length });
    this.#mustUndo = false;
    active.accept(bytes.length);
    this.#point = { sequence, hash };
    this.#pendingDamage = null;
    await this.#remove(dropped?.segments ?? []);
    // There was no room for it at the start; a new segment means that there may be now.
    if (own.length > 0 && !this.#inReserve) await this.restoreReserve().catch(() => undefined);
    return points.slice(own.length).map((point) => ({ sequence: point.sequence, hash: point.hash }));
  }

  /** Sets the reserve aside again, when it isn't there. Throws when the disk has no room for it. */
  async restoreReserve(): Promise<void> {
    if (this.#hasReserve) return;
    const { files, folder } = this.#options;
    const path = join(folder, reserveName);
    const file = files.open(path, "ensure");
    try {
      await file.write(new Uint8Array(Math.min(largestReserveBytes, reserveSegments * this.#segmentBytes)), 0);
      await file.sync();
      await files.syncFolder(folder);
      this.#hasReserve = true;
      this.#inReserve = false;
    } catch (error) {
      await files.remove(path);
      throw error;
    } finally {
      file.close();
    }
  }

  close(): void {
    this.#active?.close();
    this.#head.close();
  }

  /** A segment with room for so many bytes. */
  async #room(bytes: number, essential: boolean): Promise<ActiveSegment> {
    if (this.#mustUndo) {
      await this.#active?.undo();
      this.#mustUndo = false;
    }
    if (this.#inReserve && !essential) await this.restoreReserve();
    // The reserve is a file of its own: what is left of it is for those that may use it.
    if (this.#inReserve && this.#active && bytes <= this.#active.room) return this.#active;
    try {
      if (this.#pendingDamage === null && (await this.#active?.makeRoom(bytes, this.#segmentBytes)) && this.#active) {
        return this.#active;
      }
      const { files, folder } = this.#options;
      const begin = { first: this.#point.sequence + 1, bytes, limit: this.#segmentBytes };
      return await this.#begin(() => ActiveSegment.begin(files, folder, begin));
    } catch (error) {
      if (!essential || !this.#hasReserve) throw error;
      return await this.#begin(() => this.#takeReserve());
    }
  }

  async #begin(make: () => Promise<ActiveSegment>): Promise<ActiveSegment> {
    const before = this.#active;
    const begun = await make();
    // A damaged file is left as it was found.
    if (this.#pendingDamage === null) await before?.seal();
    else before?.close();
    this.#active = begun;
    return begun;
  }

  async #takeReserve(): Promise<ActiveSegment> {
    const { files, folder } = this.#options;
    const segment = segmentAt(folder, this.#point.sequence + 1);
    files.rename(join(folder, reserveName), segment.path);
    this.#hasReserve = false;
    this.#inReserve = true;
    await files.syncFolder(folder);
    return ActiveSegment.open(files, segment, 0);
  }

  /** One after the other, durably: a younger one that is gone while an older one is there would look like a theft. */
  async #remove(segments: readonly Segment[]): Promise<void> {
    const { files, folder } = this.#options;
    for (const { path } of segments) {
      await files.remove(path);
      await files.syncFolder(folder);
    }
  }

  /** What the trail itself has to say at the begin of a segment. */
  #ownRecords({ end }: ActiveSegment): string[] {
    const time = this.#options.now();
    const records: string[] = [];
    if (end === 0) records.push(serialize({ time, kind: "segment", previous: this.#point.hash }));
    if (this.#pendingDamage !== null) records.push(serialize({ time, kind: "damage", reason: this.#pendingDamage }));
    return records;
  }

  /** The oldest segments that the budget has no room for, and the record that tells so. */
  async #plannedDrop({ segment }: ActiveSegment): Promise<{ record: string; segments: Segment[] } | undefined> {
    const { files, folder, bytes, now } = this.#options;
    const sealed = listSegments(files, folder).filter(({ first }) => first !== segment.first);
    const sizes = sealed.map(({ path }) => sizeOf(files, path));
    let total = sizes.reduce((sum, size) => sum + size, this.#segmentBytes);
    let count = 0;
    while (total > bytes && count < sealed.length) total -= sizes[count++] ?? 0;
    const kept = sealed[count] ?? segment;
    if (count === 0) return undefined;
    const previous = kept === segment ? this.#point.hash : previousOf(files, kept);
    const reason = `records before ${kept.first} were dropped: the trail has a byte budget`;
    const record = serialize({ time: now(), kind: "dropped", reason, first: kept.first, previous });
    return { record, segments: sealed.slice(0, count) };
  }
}

/** What the trail's own records take at most. */
const ownRecordsBytes = 2_048;

function witnessed(found: Awaited<ReturnType<typeof recover>>, witness: ChainPoint | undefined) {
  if (witness === undefined || witness.sequence <= found.point.sequence) return found;
  return {
    point: witness,
    damage: `records up to ${witness.sequence} were acknowledged, and there is none after ${found.point.sequence}`,
  };
}

function sizeOf(files: FileSystem, path: string): number {
  const file = files.open(path, "read");
  try {
    return file.size();
  } finally {
    file.close();
  }
}

function previousOf(files: FileSystem, { path }: Segment): string {
  for (const { text } of linesOf(files, path)) {
    const previous = parseLine(text)?.fields.previous;
    return typeof previous === "string" ? previous : "";
  }
  return "";
}
