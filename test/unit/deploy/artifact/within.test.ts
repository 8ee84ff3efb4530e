import { expect, test } from "bun:test";
import { existsSync, symlinkSync } from "node:fs";
import { buildArtifact } from "../../../../src/deploy/artifact/build-artifact.ts";
import { builder, failure, run, Workshop } from "./workshop.ts";

function within(shop: Workshop, path: string) {
  const spec = { kind: "source", path: shop.path(path), env: {} } as const;
  return buildArtifact(spec, shop.artifacts, { builder, within: [shop.path("own")] });
}

test("what is bundled for somebody else than the owner must all be theirs", async () => {
  using shop = new Workshop().write({
    "own/main.ts": `import { two } from "./lib"; import text from "./note.txt"; console.log(two, text);`,
    "own/lib.ts": "export const two: number = 2;",
    "own/note.txt": "note",
    "own/code.ts": `import { key } from "../foreign/key"; console.log(key);`,
    "own/text.ts": `import text from "../foreign/id_rsa" with { type: "text" }; console.log(text);`,
    "own/file.ts": `import file from "../foreign/id_rsa" with { type: "file" }; console.log(file);`,
    "own/json.ts": `import data from "../foreign/data.json"; console.log(data);`,
    "own/required.ts": `console.log(require("../foreign/data.json"));`,
    "own/linked.ts": `import text from "./link/id_rsa" with { type: "text" }; console.log(text);`,
    "own/package.json": `{ "main": "../foreign/key.ts" }`,
    "own/near.ts": `import "../foreign/id_rs";`,
    "foreign/key.ts": `export const key = "the key"`,
    "foreign/data.json": `{ "key": "the key" }`,
    "foreign/id_rsa": "the key",
  });
  symlinkSync(shop.path("foreign"), shop.path("own/link"));
  expect(await run(await within(shop, "own/main.ts"))).toBe("2 note\n");
  for (const name of ["code", "text", "file", "json", "required", "linked"]) {
    const error = await failure(within(shop, `own/${name}.ts`));
    expect([name, error.code, error.message]).toEqual([name, "invalid_source", expect.stringContaining("is beyond")]);
    expect(JSON.stringify(error.toDocument())).not.toContain("the key");
  }
  expect((await failure(within(shop, "own"))).message).toContain("is beyond");
  const near = await failure(within(shop, "own/near.ts"));
  expect(JSON.stringify(near.toDocument())).not.toContain("id_rsa");
});

test("and nothing of it runs while it is bundled", async () => {
  using shop = new Workshop();
  const proof = shop.path("ran");
  shop.write({
    "own/main.ts": `import { run } from "./macro.ts" with { type: "ma\\x63ro" }; console.log(run());`,
    "own/macro.ts": `import { writeFileSync } from "node:fs";
      export function run() { writeFileSync(${JSON.stringify(proof)}, ""); return 1; }`,
  });
  const error = await failure(within(shop, "own/main.ts"));
  expect([error.code, existsSync(proof)]).toEqual(["invalid_source", false]);
  expect(error.message).toContain("Macros are disabled");
  expect(await run(await shop.source("own/main.ts"))).toBe("1\n");
  expect(existsSync(proof)).toBe(true);
});
