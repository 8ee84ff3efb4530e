import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** An export to read. `-` is standard input, which is kept in a file meanwhile: an import reads it twice. */
export async function withStateFile<Result>(file: string, use: (path: string) => Promise<Result>): Promise<Result> {
  if (file !== "-") return use(file);
  const folder = mkdtempSync(join(tmpdir(), "solo-import-"));
  try {
    const path = join(folder, "standard-input");
    await pipeline(process.stdin, createWriteStream(path, { mode: 0o600 }));
    return await use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
