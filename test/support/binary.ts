import { existsSync } from "node:fs";
import { join } from "node:path";

/** The project's folder. */
export const projectDir = join(import.meta.dir, "../..");

/** The built binary, which end-to-end tests run; `SOLO_BINARY` names another one. */
export function soloBinary(): string {
  const path = process.env.SOLO_BINARY ?? join(projectDir, "dist/solo");
  if (!existsSync(path)) throw new Error(`${path} is missing: build it with \`bun bin/build.ts\``);
  return path;
}
