import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ProcessExit, reapOrphans, setSubreaper } from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

setSubreaper();

/** Starts scripts that become orphans of this process; answers with the pid of each. */
async function orphan(scripts: readonly string[]): Promise<number[]> {
  const folder = temporaryFolder();
  const starts = scripts.map((script, index) => `(sh -c 'echo $$ > ${folder}/${index}; ${script}' &)`);
  await Bun.spawn(["/bin/sh", "-c", starts.join("; ")]).exited;
  return until("every orphan told its pid", () => {
    const pids = scripts.map((_, index) => pidIn(join(folder, String(index))));
    return pids.every((pid) => pid > 0) && pids;
  });
}

function pidIn(path: string): number {
  try {
    return Number(readFileSync(path, "utf8")) || 0;
  } catch {
    return 0;
  }
}

test("orphans' exits are reported exactly, and Bun keeps those of its own children", async () => {
  const exits = new Map<number, ProcessExit>();
  const stop = reapOrphans({ isOwn: () => false, graceMs: 50, onExit: (exit) => void exits.set(exit.pid, exit) });
  const own = Array.from({ length: 20 }, (_, code) => Bun.spawn(["/bin/sh", "-c", `exit ${code}`]).exited);
  const [seven = 0, killed = 0, zero = 0] = await orphan(["exit 7", "kill -9 $$", "exit 0"]);
  expect(await Promise.all(own)).toEqual(Array.from({ length: 20 }, (_, code) => code));
  await until("all three were reaped", () => exits.has(seven) && exits.has(killed) && exits.has(zero));
  stop();
  expect(exits.get(seven)).toMatchObject({ exit_code: 7, signal: null });
  expect(exits.get(killed)).toMatchObject({ exit_code: null, signal: "SIGKILL" });
  expect(exits.get(zero)).toMatchObject({ exit_code: 0, signal: null });
  expect(exits.get(seven)?.startTime).toBeGreaterThan(0);
});

test("a burst of orphans is reaped to the last one", async () => {
  const exits: ProcessExit[] = [];
  const stop = reapOrphans({ isOwn: () => false, graceMs: 20, onExit: (exit) => void exits.push(exit) });
  const pids = new Set(await orphan(Array.from({ length: 60 }, (_, index) => `exit ${index}`)));
  await until("all were reaped", () => exits.filter(({ pid }) => pids.has(pid)).length === pids.size);
  stop();
  const codes = exits.filter(({ pid }) => pids.has(pid)).map(({ exit_code }) => exit_code ?? -1);
  expect(codes.sort((one, other) => one - other)).toEqual(Array.from({ length: 60 }, (_, index) => index));
});
