import { join } from "node:path";
import { commandTablePlugin } from "./command-table-plugin.ts";
import { dashboardPlugin } from "./dashboard-plugin.ts";
import { lazyOclifPlugin } from "./lazy-oclif-plugin.ts";
import { noDevtoolsPlugin } from "./no-devtools-plugin.ts";
import { noDiscoveryPlugin } from "./no-discovery-plugin.ts";

/** How the sources under `root` become the program, whatever it is then put into. */
export async function bundleOptions(root: string) {
  return {
    entrypoints: [join(root, "src/main.ts")],
    target: "bun",
    format: "esm",
    // Without splitting, everything that is imported lazily would still be parsed at every start.
    splitting: true,
    minify: true,
    plugins: [
      await commandTablePlugin(root),
      await dashboardPlugin(),
      lazyOclifPlugin,
      noDevtoolsPlugin,
      noDiscoveryPlugin,
    ],
  } satisfies Bun.BuildConfig;
}
