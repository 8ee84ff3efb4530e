import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeLazy, setApart } from "../../../bin/build/lazy-oclif-plugin.ts";

test("a module is loaded where something of it is first used, not at the top", () => {
  const source = [
    `const a_1 = require("./a");`,
    `const b_1 = __importDefault(require("b"));`,
    `exports.run = () => new a_1.Thing(b_1.default.x, "a_1.not", other.a_1.no);`,
  ].join("\n");
  expect(makeLazy(source).split("\n")).toEqual([
    "let a_1$;",
    "let b_1$;",
    `exports.run = () => new (a_1$ ??= (require("./a"))).Thing((b_1$ ??= __importDefault(require("b"))).default.x, "a_1.not", other.a_1.no);`,
  ]);
});

test("no use of a module stays behind in oclif's own files", () => {
  const folder = join(import.meta.dir, "../../../node_modules/@oclif/core/lib");
  for (const file of ["command.js", "flags.js", "parser/parse.js", "help/index.js", "config/config.js", "main.js"]) {
    const source = readFileSync(join(folder, file), "utf8");
    const names = [...source.matchAll(/^const (\w+_\d+) = .*require\(/gm)].map((match) => match[1] ?? "");
    expect(names.length).toBeGreaterThan(0);
    const lazy = makeLazy(source);
    for (const name of names) expect(lazy).not.toMatch(new RegExp(`\\b${name}\\b(?!\\$)`));
  }
});

test("what commands define their flags with needs nothing before a command line is wrong", () => {
  const folder = join(import.meta.dir, "../../../node_modules/@oclif/core/lib");
  for (const file of ["args.js", "flags.js"]) {
    const apart = setApart(readFileSync(join(folder, file), "utf8"));
    expect(apart).not.toMatch(/\brequire\(|_1\./);
    expect(apart).toMatch(/\(await import\("\.\/\w+/);
    expect(() => new Bun.Transpiler({ loader: "js" }).transformSync(apart)).not.toThrow();
  }
});
