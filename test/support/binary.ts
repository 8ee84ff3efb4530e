import { existsSync } from "node:fs";
import { join } from "node:path";

/** The built binary, which end-to-end tests run; `SOLO_BINARY` names another one. */
export function soloBinary(): string {
  const path = process.env.SOLO_BINARY ?? join(import.meta.dir, "../../dist/solo");
  if (!existsSync(path)) throw new Error(`${path} is missing: build it with \`bun bin/build.ts\``);
  return path;
}
