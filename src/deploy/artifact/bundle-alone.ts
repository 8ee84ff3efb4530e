import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { SoloError } from "../../api/index.ts";
import { buildArtifact } from "./build-artifact.ts";

/**
 * A program bundled into one module, as text, for a machine that does not have its files.
 * @throws SoloError `invalid_source`, also when it imports files that are no code and would lie beside it
 */
export async function bundleAlone(path: string): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "solo-bundle-"));
  try {
    const { entry } = await buildArtifact({ kind: "source", path, env: {} }, folder);
    const besides = readdirSync(dirname(entry)).filter(
      (name) => ![basename(entry), `${basename(entry)}.map`].includes(name),
    );
    if (besides.length === 0) return readFileSync(entry);
    throw new SoloError(
      "invalid_source",
      `${path} imports files that are no code (${besides.join(", ")}): a kernel elsewhere gets one module`,
      {
        hint: 'import them as text (with { type: "text" }), or deploy on the kernel\'s machine',
      },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
