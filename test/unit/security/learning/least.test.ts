import { expect, test } from "bun:test";
import { leastSandbox } from "../../../../src/security/learning/least.ts";
import type { UseLists } from "../../../../src/security/learning/uses.ts";
import type { SandboxPlace } from "../../../../src/security/sandbox/index.ts";

/** None of these paths is there: only names are compared. */
const place: SandboxPlace = {
  ownFolders: ["/home/ada/.local/state/solo"],
  temporary: "",
  files: "",
  home: "/home/ada",
  self: [],
  env: {},
};
const nothing: UseLists = { read: [], write: [], execute: [], connect: [], listen: [] };
const undeclared = { read: [], write: [], connect: [], listen: [] };
const least = (uses: Partial<UseLists>, declared = {}, gone: readonly string[] = []) =>
  leastSandbox({ ...nothing, ...uses }, { ...undeclared, ...declared }, place, (path) => !gone.includes(path));

test("files are named one by one, and their folder when they are many", () => {
  expect(least({ read: ["/srv/site/a", "/srv/site/b", "/srv/site/c"] }).sandbox.read).toHaveLength(3);
  const pages = ["a", "b", "c", "d"].map((page) => `/srv/site/${page}`);
  expect(least({ read: pages }).sandbox.read).toEqual(["/srv/site"]);
  const tree = ["a", "b", "c", "d"].flatMap((folder) =>
    ["1", "2", "3", "4"].map((file) => `/srv/venv/${folder}/${file}`),
  );
  expect(least({ read: tree }).sandbox.read).toEqual(["/srv/venv"]);
});

test("no folder stands for what is in it that holds more than a service's own", () => {
  const inFolder = (folder: string) => ["a", "b", "c", "d"].map((name) => `${folder}/${name}`);
  for (const folder of ["/srv", "/etc", "/var/log", "/home/ada", "/tmp"]) {
    expect(least({ read: inFolder(folder) }).sandbox.read).toEqual(inFolder(folder));
  }
});

test("what may be written may be read, but not executed", () => {
  const { sandbox } = least({ read: ["/srv/data/a"], write: ["/srv/data"], execute: ["/srv/data/tool"] });
  expect(sandbox).toMatchObject({ read: ["/srv/data/tool"], write: ["/srv/data"] });
});

test("what no line can be written for is left out, with the reason", () => {
  const { sandbox, left_out } = least(
    {
      read: ["/", "/srv/gone", "/home/ada/.local/state/solo/kernel.db"],
      write: ["/proc/7/comm", "/home/ada", "/tmp"],
    },
    {},
    ["/srv/gone"],
  );
  expect(sandbox).toMatchObject({ read: [], write: ["/tmp"] });
  expect(Object.fromEntries(left_out.map(({ target, reason }) => [target, reason.split(",")[0] ?? ""]))).toEqual({
    "/": "it would open Solo's own data",
    "/srv/gone": "it is no longer there",
    "/home/ada/.local/state/solo/kernel.db": "it would open Solo's own data",
    "/proc/7/comm": "it is a process's",
    "/home/ada": "it would open Solo's own data",
  });
  expect(least({ read: ["/var/lib"] }).left_out).toMatchObject([
    { access: "read", target: "/var/lib", reason: expect.stringContaining("was listed") },
  ]);
});

test("a port that the system chose needs any port; what was declared and not used is told", () => {
  const declared = { read: ["/srv/a", "/srv/b"], write: ["/srv/w"], connect: [443, 80], listen: "any" as const };
  const { sandbox, unused } = least({ read: ["/srv/a/x"], connect: [443], listen: [8_080] }, declared);
  expect(sandbox).toEqual({ read: ["/srv/a/x"], write: [], connect: [443], listen: [8_080] });
  expect(unused).toEqual([
    { setting: "sandbox.read", value: "/srv/b" },
    { setting: "sandbox.write", value: "/srv/w" },
    { setting: "sandbox.connect", value: "80" },
    { setting: "sandbox.listen", value: "any" },
  ]);
  expect(least({ listen: [0, 8_080] }).sandbox.listen).toBe("any");
});
