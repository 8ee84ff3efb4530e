import { expect, test } from "bun:test";
import type { InstanceDetail } from "../../../src/api/documents.ts";
import { seriesOf, withHistory } from "../../../src/dashboard/service/samples.ts";

function instance(id: string, memoryBySecond: Readonly<Record<number, number>>): InstanceDetail {
  const history = Object.entries(memoryBySecond).map(([second, memory_bytes]) => ({
    time: new Date(Number(second) * 1_000 + 120).toISOString(),
    memory_bytes,
    cpu_percent: 1,
    processes: 1,
    files: null,
    calls: 0,
  }));
  const measured = { pid: 1, port: null, uptime_ms: 0, restarts: 0, rss_bytes: 0, cpu_percent: 0 };
  const rest = { revision: "r", started: null, adopted: false, reason: null, throttle: null };
  return { id, state: "ready", ...measured, ...rest, history };
}

test("what was seen before is kept, in the order of time, with a gap where an instance was not measured", () => {
  const before = withHistory(new Map(), [instance("a", { 101: 1, 100: 2 })]);
  const after = withHistory(before, [instance("a", { 102: 3 }), instance("b", { 101: 7 })]);
  expect(seriesOf(after, ["a", "b"], ({ memory }) => memory)).toEqual([
    [100, 101, 102],
    [2, 1, 3],
    [null, 7, null],
  ]);
  expect(before.size).toBe(2);
});

test("a quarter of an hour is remembered", () => {
  const known = withHistory(new Map(), [instance("a", { 100: 1 })]);
  expect([...withHistory(known, [instance("a", { 1000: 2 })]).keys()]).toEqual([1_000]);
  expect([...withHistory(known, [instance("a", { 999: 2 })]).keys()]).toEqual([100, 999]);
});
