import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatSize } from "../../src/api/units.ts";

/** What the process and its files took at the end of a cycle. Sizes are bytes. */
export interface Sample {
  readonly operations: number;
  readonly rss: number;
  readonly heap: number;
  readonly files: number;
  readonly disk: number;
  /** What the data itself takes, by the model. */
  readonly data: number;
}

export function takeSample(folder: string, load: { readonly operations: number; readonly dataBytes: number }): Sample {
  Bun.gc(true);
  const { rss, heapUsed } = process.memoryUsage();
  return {
    operations: load.operations,
    rss,
    heap: heapUsed,
    files: readdirSync("/proc/self/fd").length,
    disk: blocksOf(folder),
    data: load.dataBytes,
  };
}

export function formatSample({ operations, rss, heap, files, disk, data }: Sample): string {
  const sizes = `rss ${formatSize(rss)}, heap ${formatSize(heap)}, ${files} files open`;
  return `${operations} operations: ${sizes}, ${formatSize(disk)} on disk for ${formatSize(data)} of data`;
}

/** Memory may wander that much without a trend: what an allocator keeps, and a heap that has not been collected. */
const rssSlackBytes = 32 * 2 ** 20;
const heapSlackBytes = 8 * 2 ** 20;
const filesSlack = 4;
/** Segments not yet compacted, checkpoints and the log's own bytes, for every byte of data; and what a nearly empty store takes. */
const diskFactor = 8;
const diskSlackBytes = 16 * 2 ** 20;

/** What grew, in words. Compared are the medians of the second and the last third; the first is for warming up. */
export function judge(samples: readonly Sample[]): string[] {
  const third = Math.floor(samples.length / 3);
  const before = samples.slice(third, 2 * third);
  const after = samples.slice(-third);
  const grown = (["rss", "heap", "files"] as const).flatMap((what) => {
    const [was, is] = [median(before, what), median(after, what)];
    const slack = { rss: rssSlackBytes, heap: heapSlackBytes, files: filesSlack }[what];
    return is > was * 1.1 + slack ? [`${what} grew from ${was} to ${is}`] : [];
  });
  const worst = samples.find(({ disk, data }) => disk > data * diskFactor + diskSlackBytes);
  return worst === undefined ? grown : [...grown, `the disk wasn't bounded: ${formatSample(worst)}`];
}

function median(samples: readonly Sample[], what: "rss" | "heap" | "files"): number {
  const sorted = samples.map((sample) => sample[what]).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function blocksOf(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.blocks ?? 0) * 512,
    0,
  );
}
