import { dashboardAssets } from "../../src/gateway/http/dashboard/assets.ts";

/** Bundles the dashboard, and puts its files into the place of the module that would bundle it from its sources. */
export async function dashboardPlugin(): Promise<Bun.BunPlugin> {
  const assets = await dashboardAssets();
  return {
    name: "dashboard",
    setup(build) {
      build.onLoad({ filter: /\/gateway\/http\/dashboard\/assets\.ts$/ }, () => ({
        contents: `const assets = ${JSON.stringify(assets)}; export const dashboardAssets = async () => assets;`,
        loader: "js",
      }));
    },
  };
}
