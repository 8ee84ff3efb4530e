import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** Loads the configuration in a process of its own, and tells which packages that took. */
function packagesLoaded(home: string): string[] {
  const script = `
    const loaded = new Set();
    Bun.plugin({ name: "watch", setup: (build) => build.onLoad({ filter: /node_modules/ }, async ({ path }) => {
      loaded.add(path.split("node_modules/")[1].split("/")[0]);
      return { contents: await Bun.file(path).text(), loader: "js" };
    }) });
    const { loadConfig } = await import(${JSON.stringify(join(import.meta.dir, "../../../src/config/index.ts"))});
    await loadConfig({ cwd: process.env.HOME, env: process.env });
    console.log(JSON.stringify([...loaded]));
  `;
  const { stdout, stderr, exitCode } = Bun.spawnSync({ cmd: [process.execPath, "-e", script], env: { HOME: home } });
  if (exitCode !== 0) throw new Error(stderr.toString());
  const packages: unknown = JSON.parse(stdout.toString());
  return Array.isArray(packages) ? packages.map(String) : [];
}

test("without a file no package is loaded, and with one only its parser", () => {
  const home = temporaryFolder();
  expect(packagesLoaded(home)).toEqual([]);
  mkdirSync(join(home, ".config/solo"), { recursive: true });
  writeFileSync(join(home, ".config/solo/config.toml"), "[solo]\n");
  expect(packagesLoaded(home)).toEqual(["smol-toml"]);
});
