import { join } from "node:path";
import { Glob } from "bun";
import { commandTable } from "../../src/command-table.ts";

/**
 * Puts a table with one lazy import per command in the place of `src/command-table.ts`, which reads the commands from disk.
 * What help needs to know about all of them is made here once, by oclif itself, and kept in a chunk of its own.
 */
export async function commandTablePlugin(root: string): Promise<Bun.BunPlugin> {
  const manifest = await commandTable.manifest();
  const files = (await Array.fromAsync(new Glob("**/*.ts").scan(join(root, "commands")))).sort();
  const entries = files.flatMap((file) => {
    const id = file.slice(0, -".ts".length).replaceAll("/", ":");
    const aliases = manifest.commands[id]?.aliases ?? [];
    return [id, ...aliases].map(
      (name) => `${JSON.stringify(name)}: () => import(${JSON.stringify(join(root, "commands", file))}),`,
    );
  });
  const table = `
    const commands = { __proto__: null, ${entries.join("\n")} };
    export const commandTable = {
      find: (id) => commands[id],
      manifest: async () => (await import("${manifestName}")).default,
    };`;
  return {
    name: "command-table",
    setup(build) {
      build.onLoad({ filter: /\/src\/command-table\.ts$/ }, () => ({ contents: table, loader: "js" }));
      build.onResolve({ filter: new RegExp(`^${manifestName}$`) }, ({ path }) => ({ path, namespace: "solo" }));
      build.onLoad({ filter: /.*/, namespace: "solo" }, () => ({
        contents: `export default ${JSON.stringify(manifest)};`,
        loader: "js",
      }));
    },
  };
}

const manifestName = "solo:manifest";
