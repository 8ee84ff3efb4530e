import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ErrorDocument } from "../../api/index.ts";

/** Why a background kernel could not start, left for the command that started it. */
const fileName = "boot-error.json";

/** Never throws: on a full disk the reader falls back to the exit code. */
export function writeBootError(runDir: string, document: ErrorDocument): void {
  try {
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    writeFileSync(join(runDir, fileName), JSON.stringify(document), { mode: 0o600 });
  } catch {
    // Nothing better is left to do.
  }
}

export function readBootError(runDir: string): ErrorDocument | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(runDir, fileName), "utf8"));
    return isErrorDocument(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function clearBootError(runDir: string): void {
  rmSync(join(runDir, fileName), { force: true });
}

function isErrorDocument(value: unknown): value is ErrorDocument {
  if (typeof value !== "object" || value === null || !("error" in value)) return false;
  const { error } = value;
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    "message" in error &&
    "hint" in error &&
    "applied" in error &&
    typeof error.code === "string" &&
    typeof error.message === "string"
  );
}
