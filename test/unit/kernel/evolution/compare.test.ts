import { expect, test } from "bun:test";
import { compare } from "../../../../src/kernel/evolution/compare.ts";

test("measures after a change are told as fractions of those before: less latency is better, the others as they changed", () => {
  const before = { avg_latency: 40, error_rate: 0.02, memory_usage: 1_000, throughput: 5 };
  expect(compare(before, { avg_latency: 30, error_rate: 0.03, memory_usage: 900, throughput: 9 })).toEqual({
    latency_improvement: 0.25,
    error_rate_change: 0.5,
    memory_increase: -0.1,
  });
  expect(compare(before, before)).toEqual({ latency_improvement: 0, error_rate_change: 0, memory_increase: 0 });
});

test("nothing is told of what was not measured on both sides, or was nothing before", () => {
  expect(compare({}, { avg_latency: 1 })).toEqual({});
  expect(compare({ avg_latency: 1, error_rate: 0, memory_usage: null }, { error_rate: 0.5, memory_usage: 1 })).toEqual(
    {},
  );
});
