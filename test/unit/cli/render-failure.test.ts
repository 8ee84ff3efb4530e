import { expect, test } from "bun:test";
import { SoloError } from "../../../src/api/index.ts";
import { renderKillResult } from "../../../src/cli/render/index.ts";
import { renderFailure } from "../../../src/cli/render-failure.ts";
import { styleFor } from "../../../src/cli/style.ts";

const frame = `1 | console.log("a");\n2 | \n3 | throw new Error("no");\n          ^`;

test("a code frame that the log holds too is shown once, and no empty lines around the log", async () => {
  const logs = [
    "",
    "starting",
    ...frame.split("\n").map((line) => line.trimEnd()),
    "error: no",
    "  at x.ts:3:7",
    "",
    "",
  ];
  const text = await renderFailure(new SoloError("start_failed", "x did not get ready", { details: { frame, logs } }));
  expect(text.split("throw new Error")).toHaveLength(2);
  expect(text).toEndWith(`last log lines:\n  starting\n  error: no\n    at x.ts:3:7\n`);
});

test("a log that holds nothing else is left out", async () => {
  const details = { frame, logs: [...frame.split("\n"), ""] };
  expect(await renderFailure(new SoloError("start_failed", "x", { details }))).not.toContain("last log lines");
});

test("a log without a code frame is shown as it is", async () => {
  const details = { frame: null, logs: ["one", "", "two"] };
  expect(await renderFailure(new SoloError("start_failed", "x", { details }))).toEndWith("  one\n\n  two\n");
});

test("the ends of killed instances are told as what they were", async () => {
  const instances = [
    { id: "a", pid: 1, exit_code: 0, signal: null },
    { id: "b", pid: 2, exit_code: null, signal: "SIGTERM" },
    { id: "c", pid: 3, exit_code: null, signal: null },
    { id: "d", pid: null, exit_code: null, signal: null },
  ];
  const view = { style: await styleFor({}), width: 80, now: 0 };
  const result = { service: "x", tenant: "default", state: "stopped", instances, took_ms: 5 } as const;
  expect(renderKillResult(result, view).split("\n")).toEqual([
    "x stopped in 5ms",
    "  a exited with code 0",
    "  b ended by SIGTERM",
    "  c ended, nobody knows how",
    "  d had no process",
  ]);
});
