import { expect, test } from "bun:test";
import { levelOf } from "../../../../src/observe/logs/level.ts";

test.each([
  ['{"level":"error","msg":"x"}', "stdout", "error"],
  ['{"level":50,"msg":"x"}', "stdout", "error"],
  ['{"time":1,"level":20}', "stderr", "debug"],
  ['{"severity":"WARNING"}', "stdout", "warn"],
  ["ERROR: disk", "stdout", "error"],
  ["[warn] slow", "stdout", "warn"],
  ["2026-11-21T09:40:27Z [error] x", "stdout", "error"],
  ["\x1b[31mERROR\x1b[0m x", "stdout", "error"],
  ["level=debug msg=x", "stderr", "debug"],
  ["errors: 0", "stdout", "info"],
  ["listening on 3000", "stdout", "info"],
  ["listening on 3000", "stderr", "warn"],
  ["", "stdout", "info"],
] as const)("%p on %s is %s", (message, stream, level) => {
  expect(levelOf(message, stream)).toBe(level);
});
