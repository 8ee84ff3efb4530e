import { join } from "node:path";

/** The page's files. The build puts their content in the place of this module. */
export interface DashboardAssets {
  /** By name; each name holds a hash of the content, but the page's own. */
  readonly files: Readonly<Record<string, { readonly type: string; readonly content: string }>>;
  /** Names of the script and the style that the page begins with. */
  readonly script: string;
  readonly style: string;
  readonly icon: string;
}

/** Bundles the page from its sources. */
export async function dashboardAssets(): Promise<DashboardAssets> {
  const folder = join(import.meta.dir, "../../../dashboard");
  const { outputs } = await Bun.build({
    entrypoints: ["index.ts", "style.css"].map((name) => join(folder, name)),
    target: "browser",
    format: "esm",
    splitting: true,
    minify: true,
    naming: "[name]-[hash].[ext]",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const files: Record<string, { type: string; content: string }> = {};
  for (const output of outputs) {
    files[output.path.replace(/^\.\//, "")] = { type: output.type, content: await output.text() };
  }
  const icon = await Bun.file(join(folder, "icon.svg")).text();
  const iconName = `icon-${Bun.hash(icon).toString(36)}.svg`;
  files[iconName] = { type: "image/svg+xml", content: icon };
  const named = (pattern: RegExp) => Object.keys(files).find((name) => pattern.test(name)) ?? "";
  return {
    files,
    script: named(/^index-\w+\.js$/),
    style: named(/^style-\w+\.css$/),
    icon: iconName,
  };
}
