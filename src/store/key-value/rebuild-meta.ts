import { type Checkpoint, readCatalog } from "../checkpoint/catalog.ts";
import { PageLoader } from "../checkpoint/page-loader.ts";
import { type FoundCommit, nextCommit } from "../checkpoint/scan-commits.ts";
import type { FileSystem } from "../file/index.ts";
import { firstAddress, type Geometry, geometry, maxPageBytes, minPageBytes } from "../hybrid-log/geometry.ts";
import { isMissing, LogFiles } from "../hybrid-log/log-files.ts";
import { LogMemory } from "../hybrid-log/log-memory.ts";
import { usualSizes } from "./options.ts";
import type { StoreMeta } from "./store-meta.ts";

/**
 * What the lost metadata of a store said, as far as its log and its checkpoints tell: where the log begins stands in every
 * checkpoint, or it is where all logs begin; the sizes are those with which commits can be followed furthest. `undefined`
 * when no commit is found that way.
 */
export async function rebuildMeta(files: FileSystem, folder: string): Promise<StoreMeta | undefined> {
  const { checkpoints } = await readCatalog(files, folder);
  for (const start of startsOf(checkpoints)) {
    const found = await furthest(files, folder, start.begin);
    if (found === undefined) continue;
    const { last, sizes } = found;
    const { store, buckets } = last.commit;
    // What no commit and no checkpoint tells isn't known: how far the log was durable beyond them.
    const committed = Math.max(start.begin, ...checkpoints.map((one) => one.committed));
    return { ...start, store, buckets, committed, geometry: sizes };
  }
  return undefined;
}

type Start = Pick<StoreMeta, "begin" | "generation" | "version" | "sessions">;

/** The newest checkpoint's begin first: a compaction moves it, and does away with the checkpoints from before. */
function startsOf(checkpoints: readonly Checkpoint[]): Start[] {
  const zero = { generation: 0, version: 0 };
  const known = checkpoints.toReversed().map(({ begin, sessions }) => ({ ...zero, begin, sessions }));
  const first = { ...zero, begin: firstAddress, sessions: new Map<string, number>() };
  return [...known.filter(({ begin }) => begin > firstAddress), first];
}

interface Followed {
  readonly sizes: Geometry;
  readonly last: FoundCommit;
}

async function furthest(files: FileSystem, folder: string, begin: number): Promise<Followed | undefined> {
  let best: Followed | undefined;
  for (const sizes of possibleSizes(files, folder, begin)) {
    const last = await follow(files, folder, sizes, begin);
    if (last !== undefined && (best === undefined || last.end > best.last.end)) best = { sizes, last };
  }
  return best;
}

/** The last commit that can be reached from `begin` in a log of these sizes. */
async function follow(
  files: FileSystem,
  folder: string,
  sizes: Geometry,
  begin: number,
): Promise<FoundCommit | undefined> {
  const logFiles = new LogFiles(files, folder, sizes, true);
  try {
    const memory = new LogMemory(sizes, pagesInMemory);
    memory.begin = begin;
    const loader = new PageLoader(memory, logFiles);
    let last: FoundCommit | undefined;
    for (;;) {
      const { end, commit } = last ?? { end: begin, commit: undefined };
      const next = await nextCommit(memory, loader, commit?.store, end, commit?.generation ?? 0);
      if (next === undefined) return last;
      last = next;
    }
  } finally {
    logFiles.close();
  }
}

/** The usual page size first: a log that is shorter than a page can be read with any. */
function possibleSizes(files: FileSystem, folder: string, begin: number): Geometry[] {
  const pages = [usualSizes.pageBytes];
  for (let bytes = minPageBytes; bytes <= maxPageBytes; bytes *= 2) pages.push(bytes);
  const segments = possibleSegments(files, folder, begin);
  return pages.flatMap((page) =>
    segments.filter((segment) => segment >= page).map((segment) => geometry(page, segment)),
  );
}

/** A segment that others follow is full. Of a single one the size is known if the log's beginning lies in it. */
function possibleSegments(files: FileSystem, folder: string, begin: number): number[] {
  const logFiles = new LogFiles(files, folder, geometry(usualSizes.pageBytes, usualSizes.segmentBytes), true);
  try {
    const [first, second] = logFiles.numbers();
    if (first === undefined) return [];
    const bytes = logFiles.segmentBytes(first);
    const isOne = (size: number) => Math.floor((begin * 8) / size) === first;
    if (second !== undefined) return allSegments.filter((size) => size === bytes && isOne(size));
    if (first > 0) return allSegments.filter((size) => size >= bytes && isOne(size));
    return [Math.max(usualSizes.segmentBytes, ...allSegments.filter((size) => size < 2 * bytes))];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  } finally {
    logFiles.close();
  }
}

const pagesInMemory = 4;
/** Powers of two from the smallest page to far beyond what anybody asks for. */
const allSegments = Array.from({ length: 31 }, (_, power) => minPageBytes * 2 ** power);
