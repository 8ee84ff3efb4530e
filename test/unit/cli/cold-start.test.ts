import { expect, test } from "bun:test";
import { basename, join } from "node:path";
import { lazyOclifPlugin } from "../../../bin/build/lazy-oclif-plugin.ts";
import { noDevtoolsPlugin } from "../../../bin/build/no-devtools-plugin.ts";

const root = join(import.meta.dir, "../../..");

/** What is loaded with a module of the program, in its bundle: the text of its part and of all that this one imports. */
async function loadedWith(path: string): Promise<string[]> {
  const { outputs } = await Bun.build({
    entrypoints: [join(root, path)],
    target: "bun",
    splitting: true,
    minify: { whitespace: true },
    plugins: [lazyOclifPlugin, noDevtoolsPlugin],
  });
  const parts = new Map<string, string>();
  for (const output of outputs) parts.set(basename(output.path), await output.text());
  const loaded = new Set<string>();
  const load = (name: string) => {
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const [, next] of (parts.get(name) ?? "").matchAll(/\bfrom"\.\/([^"]+)"|\bimport"\.\/([^"]+)"/g)) {
      if (next !== undefined) load(next);
    }
  };
  load(basename(outputs.find(({ kind }) => kind === "entry-point")?.path ?? ""));
  return [...loaded].map((name) => parts.get(name) ?? "");
}

test.each(["commands/list.ts", "commands/deploy.ts"])(
  "%s loads no module that takes a millisecond",
  async (command) => {
    const text = (await loadedWith(command)).join("\n");
    expect(text).toContain("/v1/services");
    expect(text).not.toMatch(/\bfrom"(?:node:)?(?:fs|os|child_process|net|crypto)(?:\/promises)?"/);
    // oclif's parser and help, which lie in the same package as the functions that define flags.
    expect(text).not.toContain("Nonexistent flag");
    expect(text).not.toContain("class CommandHelp");
  },
);

test("a host of a fetch module loads nothing that only services and scripts need", async () => {
  const text = (await loadedWith("src/host/index.ts")).join("\n");
  expect(text).toContain("Bun.serve");
  expect(text).not.toMatch(/\bfrom"(?:node:)?(?:fs|async_hooks|path)(?:\/promises)?"/);
});
