import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Paths } from "../config/index.ts";
import type { SandboxPlace } from "../security/sandbox/index.ts";
import { selfCommand } from "../system/index.ts";

/** What the sandboxes of a kernel's services must know of where it keeps its own. */
export function sandboxPlace(paths: Paths, secretFolders: readonly string[] = []): SandboxPlace {
  return {
    // One that does not exist yet holds nothing: /dev/shm as a whole may be opened where nobody has secrets.
    get ownFolders() {
      return [...new Set([paths.dataDir, dirname(paths.socket), paths.configDir, ...secretFolders.filter(existsSync)])];
    },
    temporary: join(paths.run, "tmp"),
    files: paths.files,
    home: homedir(),
    self: selfCommand(),
    env: process.env,
  };
}
