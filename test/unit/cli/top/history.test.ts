import { expect, test } from "bun:test";
import { sparkline, UseHistory } from "../../../../src/cli/top/index.ts";
import { harmless } from "../../../../src/cli/top/log-tail.ts";

const row = (service: string, cpu_percent: number) => ({ service, cpu_percent, rss_bytes: 0 });

test("the last looks are remembered, of services that there are", () => {
  const history = new UseHistory(2);
  for (const cpu of [1, 2, 3]) history.add([row("web", cpu), row("db", cpu)]);
  expect(history.of("web").map(({ cpuPercent }) => cpuPercent)).toEqual([2, 3]);
  history.add([row("web", 4)]);
  expect(history.of("db")).toEqual([]);
});

test("a chart shows the latest at the right, by the largest of them", () => {
  expect(sparkline([0, 50, 100], 10, 1)).toBe("▁▅█");
  expect(sparkline([9, 0, 50, 100], 3, 1)).toBe("▁▅█");
  expect(sparkline([0.1, 0.1], 10, 1)).toBe("▁▁");
  expect(sparkline([], 10, 1)).toBe("");
});

test("a line can't draw over the screen", () => {
  expect(harmless("a\u001b[2J\u001b[31mb\u0007\tc\u009b1m\r")).toBe("ab  c");
});
