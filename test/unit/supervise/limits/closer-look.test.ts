import { expect, onTestFinished, test } from "bun:test";
import { CloserLook, growsTowards, type Limited } from "../../../../src/supervise/limits/closer-look.ts";
import { systemClock } from "../../../../src/system/index.ts";
import { waitFor } from "../../../support/index.ts";

test("what grows towards a limit is told from what is far from it, or rests beneath it", () => {
  expect(growsTowards(100, 40, 60)).toBe(true);
  expect(growsTowards(100, 60, 65)).toBe(false);
  expect(growsTowards(100, 10, 45)).toBe(false);
  expect(growsTowards(undefined, 10, 45)).toBe(false);
});

test("processes and memory over a limit are told of all descendants, and nothing of an instance without such limits", async () => {
  const child = Bun.spawn(["/bin/sh", "-c", "sleep 100 & sleep 100 & sleep 100 & wait"], { detached: true });
  onTestFinished(() => void process.kill(-child.pid, "SIGKILL"));
  const told = new Map<string, Set<string>>();
  const closer = new CloserLook<{ name: string } & Limited>(
    systemClock,
    ({ name }, resource) => void told.set(name, (told.get(name) ?? new Set()).add(resource)),
  );
  onTestFinished(() => closer.stop());
  const action = "kill" as const;
  const of = (name: string, limits: object) => {
    closer.at({ name, pid: child.pid, plan: { spec: { limits: { action, ...limits } } } });
  };
  of("forks", { processes: 3, memory_bytes: 1_000_000_000 });
  of("memory", { memory_bytes: 100_000 });
  of("within", { processes: 4 });
  of("files", { files: 1 });
  await waitFor(() => told.size === 2, { what: "both to be told" });
  expect([...told].map(([name, resources]) => [name, ...resources]).toSorted()).toEqual([
    ["forks", "processes"],
    ["memory", "memory"],
  ]);
});
