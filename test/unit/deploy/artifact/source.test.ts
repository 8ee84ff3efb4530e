import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { failure, run, Workshop } from "./workshop.ts";

test("bundles modules, JSON, text and assets into a program that runs anywhere", async () => {
  using shop = new Workshop().write({
    "main.ts": `
      import { two } from "./lib/two";
      import data from "./data.json";
      import text from "./note.txt";
      import image from "./image.png";
      import { basename } from "node:path";
      import { Database } from "bun:sqlite";
      enum Color { Red = "red" }
      const bytes = await Bun.file(image).text();
      console.log(two as number, data.a, text.trim(), bytes, basename("/x/y"), typeof Database, Color.Red);`,
    "lib/two.ts": "export const two: number = 2;",
    "data.json": '{ "a": 1 }',
    "note.txt": "note\n",
    "image.png": "pixels",
  });
  expect(await run(await shop.source("main.ts"))).toBe("2 1 note pixels y function red\n");
});

test("bundles a CommonJS module and leaves NODE_ENV to run time", async () => {
  using shop = new Workshop().write({
    "main.js": 'const { name } = require("./lib.cjs"); console.log(name, process.env.NODE_ENV ?? "unset");',
    "lib.cjs": 'module.exports = { name: "common" };',
  });
  const artifact = await shop.source("main.js");
  expect(readFileSync(artifact.entry, "utf8")).not.toContain('"development"');
  expect(await run(artifact)).toStartWith("common ");
});

test("resolves tsconfig paths and package.json imports", async () => {
  using shop = new Workshop().write({
    "main.ts": 'import { a } from "@lib/a"; import { b } from "#b"; console.log(a + b);',
    "lib/a.ts": 'export const a = "A";',
    "b.ts": 'export const b = "B";',
    "tsconfig.json": '{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }',
    "package.json": '{ "imports": { "#b": "./b.ts" } }',
  });
  expect(await run(await shop.source("main.ts"))).toBe("AB\n");
});

test("leaves the SDK to the host, even when the project maps it to its types", async () => {
  using shop = new Workshop().write({
    "main.ts": 'import { defineService } from "solo"; export default defineService({});',
    "solo.d.ts": 'declare module "solo" {}',
    "tsconfig.json": '{ "compilerOptions": { "paths": { "solo": ["./solo.d.ts"] } } }',
  });
  expect(readFileSync((await shop.source("main.ts")).entry, "utf8")).toContain('from "solo"');
});

test("the same content has the same digest wherever it lies, and is built once", async () => {
  const files = { "main.ts": 'import "./lib/a"; console.log(1);', "lib/a.ts": "console.log(2);" };
  using one = new Workshop().write(files);
  using two = new Workshop().write(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`deep/er/${name}`, text])),
  );
  const first = await one.source("main.ts");
  expect((await two.source("deep/er/main.ts")).digest).toBe(first.digest);
  expect(first.cached).toBe(false);
  expect((await one.source("main.ts")).cached).toBe(true);
  one.write({ "lib/a.ts": "console.log(3);" });
  expect((await one.source("main.ts")).digest).not.toBe(first.digest);
});

test("an artifact of which a loss of power left less than its name says is brought anew", async () => {
  using shop = new Workshop().write({ "main.ts": "console.log(1);" });
  const { entry, digest } = await shop.source("main.ts");
  const bundle = readFileSync(entry);
  const map = `${entry}.map`;
  for (const damage of [
    () => truncateSync(entry, 0),
    () => rmSync(entry),
    () => truncateSync(map, 0),
    () => rmSync(map),
  ]) {
    damage();
    expect(await shop.source("main.ts")).toMatchObject({ entry, digest, cached: false });
    expect(readFileSync(entry)).toEqual(bundle);
  }
  expect(readdirSync(shop.artifacts)).toEqual([digest]);
});

test("many builds of the same content at once leave one artifact", async () => {
  using shop = new Workshop().write({ "main.ts": "console.log(1);" });
  const artifacts = await Promise.all(Array.from({ length: 20 }, () => shop.source("main.ts")));
  expect(new Set(artifacts.map(({ digest }) => digest)).size).toBe(1);
  expect(readdirSync(shop.artifacts)).toEqual([artifacts[0]?.digest ?? ""]);
});

test("import.meta points to the source, and __dirname too", async () => {
  using shop = new Workshop().write({
    "main.ts": `import { readFileSync } from "node:fs";
      console.log(readFileSync(import.meta.dir + "/data.txt", "utf8"), readFileSync(new URL("./data.txt", import.meta.url), "utf8"));
      console.log(import.meta.path, "import.meta.url in a string", import.meta.main);`,
    "data.txt": "beside",
  });
  const printed = await run(await shop.source("main.ts"));
  expect(printed).toContain("beside beside\n");
  expect(printed).toContain(`${shop.path("main.ts")} `);
  expect(printed).toEndWith("true\n");
});

test("stack traces name the source's lines", async () => {
  using shop = new Workshop().write({ "main.ts": 'interface X { a: 1 }\n\nconsole.log(new Error("x").stack);\n' });
  expect(await run(await shop.source("main.ts"))).toContain(`${shop.path("main.ts")}:3:`);
});

test("knows whether the program mentions its port", async () => {
  using shop = new Workshop().write({
    "server.ts": "Bun.serve({ port: Number(process.env.PORT), fetch: () => new Response() });",
    "worker.ts": "// PORT is not for this one\nconst EXPORT = 1; setInterval(() => console.log(EXPORT), 1000);",
  });
  expect((await shop.source("server.ts")).mentionsPort).toBe(true);
  expect((await shop.source("worker.ts")).mentionsPort).toBe(false);
});

test("finds a folder's program by package.json or by its name", async () => {
  using shop = new Workshop().write({
    "a/package.json": '{ "main": "src/start.ts" }',
    "a/src/start.ts": 'console.log("main");',
    "b/package.json": '{ "exports": { ".": { "types": "./x.d.ts", "import": "./esm.js" } } }',
    "b/esm.js": 'console.log("exports");',
    "c/service.ts": 'console.log("convention");',
    "d/package.json": '{ "main": "dist/index.js" }',
    "e/readme.md": "",
  });
  expect(await run(await shop.source("a"))).toBe("main\n");
  expect(await run(await shop.source("b"))).toBe("exports\n");
  expect(await run(await shop.source("c"))).toBe("convention\n");
  expect((await failure(shop.source("d"))).message).toContain("dist/index.js, which does not exist");
  expect(await failure(shop.source("e"))).toMatchObject({ code: "file_not_found" });
});

test("runs nothing of the project while it builds: no bunfig.toml, no .env, no package script", async () => {
  using shop = new Workshop();
  shop.write({
    "main.ts": "console.log(process.env.SECRET ?? 'none');",
    "bunfig.toml": `preload = ["./evil.ts"]\n[test]\npreload = ["./evil.ts"]\n`,
    "evil.ts": `require("node:fs").writeFileSync(${JSON.stringify(shop.path("ran"))}, "");`,
    ".env": "SECRET=leaked",
    "package.json": '{ "scripts": { "build": "touch ran", "prebuild": "touch ran" } }',
  });
  const artifact = await shop.source("main.ts");
  expect(existsSync(shop.path("ran"))).toBe(false);
  expect(await run(artifact)).toBe("none\n");
});

test("shows a syntax error with its place and the code", async () => {
  using shop = new Workshop().write({
    "main.ts": 'const x = 1;\nexport default {\n  fetch() { return new Response("a" }\n};\n',
  });
  const error = await failure(shop.source("main.ts"));
  expect(error).toMatchObject({ code: "invalid_source", details: { file: shop.path("main.ts"), line: 3, column: 37 } });
  expect(error.message).toStartWith(`${shop.path("main.ts")}:3:37: Expected ")" but found "}"\n`);
  expect(error.message).toContain('3 |   fetch() { return new Response("a" }');
  expect(error.message).toContain(`\n${" ".repeat(3 + 37)}^`);
  expect(existsSync(shop.artifacts) ? readdirSync(shop.artifacts) : []).toEqual([]);
});

test("says what to do about an import that can't be found", async () => {
  using shop = new Workshop().write({
    "package.json": '{ "dependencies": { "hono": "*", "zod": "*" } }',
    "package-lock.json": "{}",
    "declared.ts": 'import "hono/cors";',
    "misspelt.ts": 'import "honno";',
    "builtin.ts": 'import "pth";',
    "unknown.ts": 'import "left-pad-plus";',
    "relative.ts": 'import "./declard";',
  });
  const hint = async (name: string) => (await failure(shop.source(name))).hint;
  expect(await hint("declared.ts")).toBe(`install the packages: cd ${shop.path("").replace(/\/$/, "")} && npm install`);
  expect(await hint("misspelt.ts")).toBe('did you mean "hono"?');
  expect(await hint("builtin.ts")).toBe('did you mean "path"?');
  expect(await hint("unknown.ts")).toContain("npm install left-pad-plus");
  expect(await hint("relative.ts")).toBe(`did you mean ${shop.path("declared.ts")}?`);
});

test("a missing file, a folder without a program and a wasm module are refused by name", async () => {
  using shop = new Workshop().write({ "m.wasm": "" });
  expect(await failure(shop.source("nothing.ts"))).toMatchObject({ code: "file_not_found" });
  expect((await failure(shop.source("m.wasm"))).hint).toContain("wasm");
});

test("what was left unfinished by a crash never looks like an artifact", async () => {
  using shop = new Workshop().write({ "main.ts": "console.log(1);", "../artifacts/.unfinished-x/main.js": "half" });
  const { entry, digest } = await shop.source("main.ts");
  expect(entry).toBe(join(shop.artifacts, digest, "main.js"));
  expect(existsSync(`${entry}.map`)).toBe(true);
});
