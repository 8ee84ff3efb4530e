import { realpathSync } from "node:fs";
import type { BunPlugin } from "bun";

/** Refuses whatever a program imports, be it code, text or data, from beyond some files and folders. */
export function onlyWithin(paths: readonly string[]): BunPlugin {
  const roots = paths.flatMap((path) => realPath(path) ?? []);
  return {
    name: "only-within",
    setup(build) {
      build.onLoad({ filter: /./ }, ({ path }) => {
        const real = realPath(path) ?? path;
        if (roots.some((root) => real === root || real.startsWith(`${root}/`))) return undefined;
        throw new Error(`${path} is beyond what this deploy may name`);
      });
    },
  };
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
