import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Rules of style that no other tool checks. */

const root = join(import.meta.dir, "../..");
const self = "test/unit/tidy.test.ts";
const maxLines = 350;

/** Files of the project as it is written, by their path in it. */
function filesIn(pattern: string): string[] {
  const files = [...new Bun.Glob(pattern).scanSync({ cwd: root, onlyFiles: true })];
  return files.filter((file) => file !== self && !/(^|\/)(node_modules|dist)\//.test(file)).toSorted();
}

const code = () => filesIn("{src,commands,bin,test,examples}/**/*.{ts,tsx,js,mjs,cjs,sh,toml,json}");

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** `file:line: text` of every line that matches. */
function linesLike(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

test("there is something to check", () => {
  expect(code().length).toBeGreaterThan(100);
});

test(`no file of the product that somebody wrote has more than ${maxLines} lines`, () => {
  const written = filesIn("{src,commands}/**/*.{ts,tsx}").filter((file) => !file.endsWith(".gen.ts"));
  const long = written.filter((file) => read(file).split("\n").length > maxLines);
  expect(long).toEqual([]);
});

test("nothing is left undone, and no checker is silenced", () => {
  expect(linesLike(code(), /\b(?:TODO|FIXME|XXX)\b|@ts-(?:ignore|expect-error|nocheck)|biome-ignore/)).toEqual([]);
});

test("no test is skipped or singled out", () => {
  const tests = filesIn("test/**/*.test.{ts,tsx}");
  expect(linesLike(tests, /\b(?:test|it|describe)\.(?:skip|only|todo|skipIf|if|todoIf|failing)\b/)).toEqual([]);
});

test("every folder of src has its door, or holds only folders that have one", () => {
  const doorless = (folder: string): string[] => {
    if (existsSync(join(root, folder, "index.ts"))) return [];
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    if (entries.some((entry) => entry.isFile())) return [folder];
    return entries.flatMap(({ name }) => doorless(join(folder, name)));
  };
  const folders = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.flatMap(({ name }) => doorless(join("src", name)))).toEqual([]);
});

test("no path of the machine that the project was written on", () => {
  const files = [...code(), ...filesIn("{docs/**/*,*,.ci/*,bin/*}")].filter(
    (file) => !file.endsWith("package-lock.json"),
  );
  expect(linesLike([...new Set(files)], /(?:^|[^\w.])\/(?:work|root)\//)).toEqual([]);
});
