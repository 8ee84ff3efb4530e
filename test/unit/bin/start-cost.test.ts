import { expect, test } from "bun:test";
import { join } from "node:path";
import { bundleOptions } from "../../../bin/build/bundle-options.ts";

/**
 * What a process of the binary loads before it does anything: its chunk and all that this one imports. One careless import in a
 * barrel has every command load a validator, or the terminal's renderer, which nobody would see but on the clock.
 */
const root = join(import.meta.dir, "../../..");
const { metafile, success } = await Bun.build({ ...(await bundleOptions(root)), metafile: true });
const outputs = metafile?.outputs ?? {};

/** The modules that are evaluated with an entry, by path. */
function loadedWith(entry: string): string[] {
  const chunk = Object.keys(outputs).find((path) => outputs[path]?.entryPoint?.endsWith(entry));
  if (chunk === undefined) throw new Error(`${entry} has no chunk`);
  const chunks = new Set([chunk]);
  for (const path of chunks) {
    for (const { path: imported, kind } of outputs[path]?.imports ?? []) {
      if (kind !== "dynamic-import" && outputs[imported] !== undefined) chunks.add(imported);
    }
  }
  return [...chunks].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
}

const everyday = ["deploy", "health", "kill", "list", "logs", "paths", "restart", "scale", "status", "stop", "version"];

test.each(everyday)("`solo %s` loads no validator, no parser of files, nothing that draws", (command) => {
  expect(success).toBe(true);
  const loaded = loadedWith(`commands/${command}.ts`);
  expect(loaded.length).toBeGreaterThan(10);
  expect(
    loaded.filter((path) => /node_modules\/(zod|smol-toml|undici|ink|react|chalk|execa|msgpackr)\//.test(path)),
  ).toEqual([]);
});

test("a host loads the host, and no package", () => {
  const loaded = loadedWith("src/host/index.ts");
  expect(loaded.filter((path) => path.includes("node_modules/"))).toEqual([]);
  expect(loaded.filter((path) => !/^src\/(host|api)\//.test(path))).toEqual([]);
});
