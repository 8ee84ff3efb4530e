import { expect, onTestFinished, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { ControlGroups, hasController } from "../../../src/system/index.ts";

/** Where this process's groups are, as cgroups(7) has it; only asked where there are any. */
const folderOf = (controller: string) => {
  const own = new RegExp(`^\\d+:${controller}:(.*)$`, "m").exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "";
  return join("/sys/fs/cgroup", controller, own);
};

test("a program's groups are beside each other, bounded, found by name, and gone when they are removed", () => {
  if (!hasController("pids") || !hasController("cpu")) return;
  const groups = new ControlGroups("solo-7e57");
  const group = groups.open("one", 77);
  group.close();
  expect(group.tasks).toHaveLength(2);
  expect(readFileSync(join(folderOf("pids"), "solo-7e57.one/pids.max"), "utf8")).toBe("77\n");
  expect([...groups.names()]).toEqual(["one"]);
  groups.remove("one");
  expect([...groups.names()]).toEqual([]);
});

test("groups that a kernel left which never came back are removed after an hour, and no younger ones", () => {
  if (!hasController("cpu")) return;
  const [old, young] = ["solo-7e58.old", "solo-7e58.young"].map((name) => join(folderOf("cpu"), name));
  if (old === undefined || young === undefined) throw new Error("two names");
  for (const folder of [old, young]) mkdirSync(folder);
  onTestFinished(() => rmdirSync(young));
  const before = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(old, before, before);
  new ControlGroups("solo-7e59").removeForgotten();
  expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
});
