import { expect, test } from "bun:test";
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ServiceSpecInput, serviceSpecSchema } from "../../../../src/api/index.ts";
import { foundPaths } from "../../../../src/security/sandbox/found.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = realpathSync(temporaryFolder());
for (const folder of ["home/project/conf", "home/.ssh", "data"]) mkdirSync(join(root, folder), { recursive: true });
for (const file of [
  "home/project/main.py",
  "home/project/conf/a.conf",
  "home/.ssh/id",
  "home/note.txt",
  "data/kernel.db",
]) {
  writeFileSync(join(root, file), "");
}
symlinkSync(join(root, "home/project"), join(root, "link"));

const place = {
  ownFolders: [join(root, "data")],
  temporary: join(root, "data/run/tmp"),
  files: join(root, "data/files"),
  home: join(root, "home"),
  self: ["/usr/bin/solo"],
  env: {},
};

/** What is found for a program with arguments, as paths from the root. */
function found(cwd: string, ...args: string[]): string[] {
  const spec: ServiceSpecInput = { kind: "command", command: ["/usr/bin/python3", ...args] };
  const paths = foundPaths(serviceSpecSchema.parse(spec), join(root, cwd), place);
  return paths.map((path) => path.replace(`${root}/`, "")).filter((path) => !path.startsWith("/usr/bin"));
}

test("a working folder is found, without links", () => {
  expect(found("home/project")).toEqual(["home/project"]);
  expect(found("link")).toEqual(["home/project"]);
});

test("a home, a folder of everybody's, and what holds Solo's data are not", () => {
  for (const cwd of ["home", "data", ".", "../../../../../../../../../../tmp"]) expect(found(cwd)).toEqual([]);
});

test("a file among the arguments is found with its folder, also behind an equals sign", () => {
  const both = ["home/project/conf/a.conf", "home/project/conf"];
  expect(found("home", "project/conf/a.conf")).toEqual(both);
  expect(found("home", `--config=${join(root, "home/project/conf/a.conf")}`)).toEqual(both);
  expect(found("home", "project")).toEqual(["home/project"]);
});

test("of a file in a home, a hidden folder or the machine's own, nothing but the file", () => {
  expect(found("home", "note.txt")).toEqual(["home/note.txt"]);
  expect(found("home", ".ssh/id")).toEqual(["home/.ssh/id"]);
  expect(found("home", "/etc/hosts")).toEqual(["/etc/hosts"]);
});

test("devices, Solo's own data, what is not there and scripts are not found", () => {
  for (const word of [
    "/dev/null",
    "/proc/1",
    join(root, "data/kernel.db"),
    "missing",
    "sleep 1 # /etc",
    "x".repeat(5_000),
  ]) {
    expect(found("home", word)).toEqual([]);
  }
});
