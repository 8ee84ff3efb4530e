/**
 * How fast a kernel takes in what services print: FIFO → records on disk, in one process, the writers in others.
 * `bun test/bench/log-intake.ts [--seconds N] [--writers N] [--line-bytes N] [--cap BYTES_PER_SECOND] [--json]`
 */
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LogStore } from "../../src/observe/logs/index.ts";
import { makeFifo, Poller } from "../../src/system/index.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    writers: { type: "string", default: "1" },
    "line-bytes": { type: "string", default: "60" },
    cap: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const lineBytes = Number(values["line-bytes"]);
const folder = mkdtempSync(join(tmpdir(), "solo-log-intake-"));
const poller = new Poller();
const store = new LogStore({
  directory: join(folder, "logs"),
  poller,
  ...(values.cap !== undefined && { bytesPerSecond: Number(values.cap) }),
});

const writers = Array.from({ length: Number(values.writers) }, (_, index) => {
  const ref = { tenant: "default", name: `bench-${index}` };
  const fifo = join(folder, `${index}.out`);
  makeFifo(fifo);
  const capture = store.capture({ ref, instance: `bench-${index}`, stream: "stdout", fifo, budgetBytes: 64_000_000 });
  const stdout = openSync(fifo, "w");
  const child = Bun.spawn(["yes", "x".repeat(lineBytes - 1)], { stdin: "ignore", stdout, stderr: "ignore" });
  closeSync(stdout);
  return { ref, capture, child };
});

let longestPauseMs = 0;
let last = performance.now();
const beat = setInterval(() => {
  const now = performance.now();
  longestPauseMs = Math.max(longestPauseMs, now - last);
  last = now;
}, 1);
const started = performance.now();
const cpuBefore = process.cpuUsage();
const recordBytes = lineBytes + `2026-01-01T00:00:00.000Z bench-0 stdout F `.length;
await Bun.sleep(seconds * 1_000);
const took = (performance.now() - started) / 1_000;
const cpu = process.cpuUsage(cpuBefore);
clearInterval(beat);
for (const { child } of writers) child.kill();
let bytes = 0;
for (const { ref, capture, child } of writers) {
  await child.exited;
  await capture.drained(1_000);
  for await (const line of store.read({ ...ref, follow: false, tail: 1 })) bytes += Number.parseInt(line.cursor, 10);
  capture.close();
}
store.close();
poller.close();
rmSync(folder, { recursive: true, force: true });

const result = {
  bench: "log-intake",
  writers: writers.length,
  line_bytes: lineBytes,
  lines_per_second: Math.round(bytes / recordBytes / took),
  disk_mb_per_second: Math.round(bytes / took / 1e6),
  cpu_share: Number(((cpu.user + cpu.system) / 1e6 / took).toFixed(2)),
  longest_pause_ms: Math.round(longestPauseMs),
  rss_mb: Math.round(process.memoryUsage.rss() / 1e6),
};
console.log(values.json ? JSON.stringify(result) : result);
