import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { BunPlugin } from "bun";

/** The project's own modules. Packages find their files without help: the bundler has `__dirname` at build time. */
const ownModules = /^(?!.*\/node_modules\/).*\.[cm]?[jt]sx?$/;

const locations = /\bimport\.meta\.(dir|dirname|file|filename|path|url)\b/g;

/**
 * Keeps `import.meta.dir`, `.path`, `.url` and their like pointing to the module's source, although it runs from the
 * artifact: a program that reads a file beside its source finds it. Only modules that ask are touched, so that the bundle of
 * all others is the same wherever the project lies.
 */
export const sourceLocation: BunPlugin = {
  name: "source-location",
  setup(build) {
    build.onLoad({ filter: ownModules }, async ({ path, loader }) => {
      const text = await readFile(path, "utf8");
      if (text.search(locations) < 0) return undefined;
      return { contents: withLocation(text, path), loader };
    });
  },
};

/** The function is hoisted, so that it can follow the text, and every line keeps its number. */
function withLocation(text: string, path: string): string {
  const [dir, file] = [dirname(path), basename(path)];
  const values = { dir, dirname: dir, file, filename: path, path, url: pathToFileURL(path).href };
  const own = text.replace(locations, "__soloSource().$1");
  return `${own}\nfunction __soloSource() { return ${JSON.stringify(values)}; }\n`;
}
