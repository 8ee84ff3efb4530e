import { existsSync } from "node:fs";
import { join } from "node:path";
import { Plugin } from "@oclif/core/config";
import { type CommandTable, oclifPackage } from "./cli/index.ts";

/**
 * The commands as they lie in `commands/`, for development. `bin/build.ts` puts a table made at build time in the place of
 * this module, because the binary has no such folder.
 */
export const commandTable: CommandTable = {
  find(id) {
    const path = join(folder, `${id.replaceAll(":", "/")}.ts`);
    return /^[a-z:-]+$/.test(id) && existsSync(path) ? () => import(path) : undefined;
  },
  async manifest() {
    const plugin = new Plugin({
      root,
      pjson: oclifPackage,
      isRoot: true,
      ignoreManifest: true,
      errorOnManifestCreate: true,
    });
    await plugin.load();
    return plugin.manifest;
  },
};

const root = join(import.meta.dir, "..");
const folder = join(root, "commands");
