import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  killTree,
  type ProcessStat,
  pauseTree,
  processTree,
  readStat,
  resumeTree,
  signalTree,
  type TreeQuery,
} from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { becomeSubreaper, reapUntilCalled } from "./subreaper.ts";

let stopReaping = () => {};
beforeAll(() => {
  becomeSubreaper();
  stopReaping = reapUntilCalled();
});
afterAll(() => stopReaping());

let count = 0;

/** Runs a shell script as an instance. */
function instance(script: string): { child: Bun.Subprocess; query: TreeQuery } {
  const value = `tree-test-${process.pid}-${++count}`;
  const env = { PATH: process.env.PATH ?? "", SOLO_INSTANCE: value };
  const child = Bun.spawn(["/bin/sh", "-c", script], { detached: true, env, stdio: ["ignore", "ignore", "ignore"] });
  const root = { pid: child.pid, startTime: readStat(child.pid)?.startTime };
  return { child, query: { root, marker: { name: "SOLO_INSTANCE", value }, orphanParents: [process.pid] } };
}

function treeOf(query: TreeQuery, size: number): Promise<ProcessStat[]> {
  return until(`the tree has ${size} processes`, () => {
    const members = processTree(query);
    return members.length === size && members;
  });
}

const gone = ({ pid, startTime }: ProcessStat) => {
  const stat = readStat(pid);
  return stat === undefined || stat.startTime !== startTime || stat.state === "Z";
};

test("descendants in other sessions and groups are found, the root first", async () => {
  const { query } = instance("setsid sh -c 'sleep 100 & sleep 101' & sleep 102");
  const members = await treeOf(query, 5);
  expect(members[0]?.pid).toBe(query.root.pid);
  expect(new Set(members.map(({ sid }) => sid)).size).toBe(2);
  expect(await killTree(query, { deadlineMs: 5_000 })).toEqual([]);
  expect(members.every(gone)).toBe(true);
});

test("a grandchild that daemonized with setsid and two forks is found by its environment and killed", async () => {
  const { child, query } = instance("(setsid sh -c 'sleep 100 & sleep 101' &) ; exec sleep 102");
  const members = await treeOf(query, 4);
  child.kill("SIGKILL");
  await child.exited;
  expect(await treeOf(query, 3)).toHaveLength(3);
  expect(await killTree(query, { deadlineMs: 5_000 })).toEqual([]);
  expect(members.every(gone)).toBe(true);
});

test("an orphan without the marker is found by the session of the instance", async () => {
  const { child, query } = instance("(env -i /bin/sleep 100 &) ; (env -i /bin/sleep 101 &) ; exec sleep 102");
  await treeOf(query, 3);
  child.kill("SIGKILL");
  await child.exited;
  expect(await treeOf(query, 2)).toHaveLength(2);
  expect(await killTree(query, { deadlineMs: 5_000 })).toEqual([]);
});

test("an orphan that left the session and wiped its environment is killed if it was seen below its parent", async () => {
  const ready = join(temporaryFolder(), "ready");
  const { query } = instance(`env -i /usr/bin/setsid /bin/sh -c '/bin/sleep 100 & echo > ${ready}; wait' & wait`);
  const members = await treeOf(query, 3);
  expect(await killTree(query, { deadlineMs: 5_000 })).toEqual([]);
  expect(members.every(gone)).toBe(true);
});

test("processes of another instance, and children of the reaper that are none, are left alone", async () => {
  const one = instance("(setsid sleep 100 &) ; exec sleep 101");
  const other = instance("(setsid sleep 100 &) ; exec sleep 101");
  const stranger = Bun.spawn(["/bin/sleep", "100"]);
  await treeOf(one.query, 2);
  // The subshell that starts the background process is a member too, for a moment.
  const others = await until("the other tree has its two sleeps", () => {
    const members = processTree(other.query);
    return members.length === 2 && members.every(({ comm }) => comm === "sleep") && members;
  });
  expect(await killTree(one.query, { deadlineMs: 5_000 })).toEqual([]);
  expect(others.some(gone)).toBe(false);
  expect(readStat(stranger.pid)?.state).not.toBe("Z");
  stranger.kill("SIGKILL");
  await killTree(other.query, { deadlineMs: 5_000 });
});

test("a tree that forks as fast as it can is killed to the last process", async () => {
  const forker = "f() { sleep 30 & }; while :; do f; (setsid sleep 30 &); done";
  const { query } = instance(forker);
  await until("it has forked a while", () => processTree(query).length > 40);
  expect(await killTree(query, { deadlineMs: 10_000 })).toEqual([]);
  expect(processTree(query)).toEqual([]);
});

test("a pid that another process has now is not taken for the root", async () => {
  const { child, query } = instance("exec sleep 100");
  const wrong = {
    ...query,
    root: { pid: query.root.pid, startTime: (query.root.startTime ?? 0) + 1 },
    marker: { name: "SOLO_INSTANCE", value: "x" },
  };
  expect(processTree(wrong)).toEqual([]);
  expect(await killTree(wrong, { deadlineMs: 1_000 })).toEqual([]);
  expect(child.exitCode).toBeNull();
  await killTree(query, { deadlineMs: 5_000 });
});

test("a signal reaches every process of the tree once", async () => {
  const folder = temporaryFolder();
  const note = (name: string) =>
    `trap 'echo ${name} >> ${folder}/got; exit 0' TERM; echo > ${folder}/${name}; sleep 100 & wait`;
  writeFileSync(join(folder, "got"), "");
  const { child, query } = instance(`setsid sh -c "${note("inner")}" & ${note("outer")}`);
  await until(
    "both shells are ready",
    async () => (await Bun.file(`${folder}/inner`).exists()) && Bun.file(`${folder}/outer`).exists(),
  );
  // A shell's child that is not yet another program takes a signal as the shell does, and loses it.
  await until("both sleep", () => processTree(query).filter(({ comm }) => comm === "sleep").length === 2);
  expect(signalTree(query, 15)).toHaveLength(4);
  await child.exited;
  await until("the tree is empty", () => processTree(query).length === 0);
  expect((await Bun.file(`${folder}/got`).text()).trim().split("\n").sort()).toEqual(["inner", "outer"]);
});

test("a paused tree stands still, whatever group or session its processes are in, and goes on when it is told", async () => {
  const { query } = instance("setsid sh -c 'while :; do :; done' & while :; do (:); done");
  await until("both loops run", () => new Set(processTree(query).map(({ sid }) => sid)).size === 2);
  expect(await pauseTree(query, { deadlineMs: 10_000 })).toEqual([]);
  const paused = processTree(query);
  expect(paused.length).toBeGreaterThanOrEqual(2);
  expect(new Set(paused.map(({ sid }) => sid)).size).toBe(2);
  expect(new Set(paused.map(({ state }) => state))).toEqual(new Set(["T"]));
  resumeTree(query);
  await until("it goes on", () => processTree(query).some(({ state }) => state !== "T"));
  expect(await killTree(query, { deadlineMs: 10_000 })).toEqual([]);
});
