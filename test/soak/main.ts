import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDuration } from "../../src/api/units.ts";
import { formatSample, judge, type Sample, takeSample } from "./samples.ts";
import { StoreLoad } from "./store-load.ts";

/**
 * `bin/test soak [DURATION]`: a key-value store and a durable log on the machine's disk under a mixed load, checked against
 * a model all the while. Ends with 0 when nothing is lost, memory is flat and the disk bounded; a seed printed at the
 * beginning repeats what was done (`SEED=N`). `SHARE=N` works N percent of the time and rests for the others, so that it runs
 * beside other work: 100 by default.
 */
const given = process.argv[2] ?? "10s";
const durationMs = parseDuration(given);
if (durationMs === undefined) {
  console.error(`${given} is no duration such as 10s, 5m or 1h`);
  process.exit(2);
}
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const share = Number(process.env.SHARE ?? 100);
if (!(share >= 1 && share <= 100)) {
  console.error(`SHARE is a percentage from 1 to 100, not ${process.env.SHARE}`);
  process.exit(2);
}
console.log(`soak for ${given}, seed ${seed}, working ${share} % of the time`);

/** However fast the clock: fewer tell nothing of a trend. */
const leastCycles = 12;
/** A line at most this often, in milliseconds. */
const reportEveryMs = 30_000;

const folder = mkdtempSync(join(tmpdir(), "solo-soak-"));
const samples: Sample[] = [];
try {
  const load = await StoreLoad.open(folder, seed);
  const begin = performance.now();
  const end = begin + durationMs;
  let reported = 0;
  while (performance.now() < end || samples.length < leastCycles) {
    const started = performance.now();
    await load.cycle();
    await Bun.sleep((performance.now() - started) * (100 / share - 1));
    const sample = takeSample(folder, load);
    samples.push(sample);
    if (performance.now() < reported + reportEveryMs) continue;
    reported = performance.now();
    console.log(`${Math.round((reported - begin) / 1_000)} s, ${formatSample(sample)}`);
  }
  await load.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const sample of samples.slice(-1)) console.log(formatSample(sample));
const problems = judge(samples);
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? `${samples.length} cycles: memory flat, disk bounded` : "the trend is not flat");
process.exit(problems.length === 0 ? 0 : 1);
