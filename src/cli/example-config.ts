import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SoloError } from "../api/index.ts";
import { exampleConfig, paths, writeFailure } from "../config/index.ts";

export interface ExampleRequest {
  readonly file: string | undefined;
  readonly print: boolean;
  /** Replace what is there. */
  readonly force: boolean;
}

/**
 * Writes the example configuration, or only returns it: `file` is then null.
 * @throws SoloError `conflict` when there is such a file, `io_error` when it can't be written
 */
export async function writeExampleConfig(request: ExampleRequest): Promise<{ file: string | null; text: string }> {
  const text = await exampleConfig();
  if (request.print) return { file: null, text };
  const file = resolve(request.file ?? join(paths(process.env).configDir, "config.toml"));
  if (existsSync(file) && !request.force) {
    throw new SoloError("conflict", `${file} exists already`, {
      hint: "--force replaces it, --print only shows the example",
    });
  }
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    throw writeFailure(file, error);
  }
  return { file, text };
}
