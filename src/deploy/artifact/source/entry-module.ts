import { readFileSync, realpathSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { SoloError } from "../../../api/error.ts";

const extensions = ["ts", "tsx", "mts", "js", "mjs", "jsx", "cjs"];

/** Names that a folder's program goes by, when no package.json names it. */
const conventionalNames = ["index", "service", "main", "server"];

/**
 * The module where a program begins: the path itself, or for a folder what its package.json names (`module`, `main`, or the
 * root of `exports`), else `index`, `service`, `main` or `server` with one of the usual extensions.
 *
 * @returns its real path, without symbolic links
 * @throws SoloError `file_not_found`, `invalid_source`
 */
export function entryModule(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new SoloError("file_not_found", `${path} does not exist`, { hint: "check the path" });
  if (stats.isDirectory()) return realpathSync(folderEntry(path));
  if (!stats.isFile())
    throw new SoloError("invalid_source", `${path} is not a regular file`, {
      hint: "give the path of a .ts or .js file, or of a folder with one",
    });
  if (extname(path) === ".wasm") {
    throw new SoloError("invalid_source", `${path} is a WebAssembly module, not a program to bundle`, {
      hint: 'deploy it with kind "wasm"',
    });
  }
  return realpathSync(path);
}

function folderEntry(folder: string): string {
  const manifest = join(folder, "package.json");
  const named = statSync(manifest, { throwIfNoEntry: false }) && namedEntry(manifest);
  const guesses = conventionalNames.flatMap((name) => extensions.map((extension) => `${name}.${extension}`));
  const found = (named ? [named] : guesses).map((name) => join(folder, name)).find(isFile);
  if (found !== undefined) return found;
  if (named) {
    throw new SoloError("file_not_found", `${manifest} names ${named}, which does not exist`, {
      hint: "build the project first, or name the source module to deploy",
    });
  }
  throw new SoloError(
    "file_not_found",
    `${folder} has no program: no package.json with "main", no index.ts, service.ts, …`,
    {
      hint: "name the module to deploy",
    },
  );
}

/** `module`, `main` or the root export of a package.json: https://nodejs.org/api/packages.html#package-entry-points */
function namedEntry(manifest: string): string | undefined {
  const content = parse(manifest);
  const names = [content.module, rootExport(content.exports), content.main];
  return names.find((name) => typeof name === "string");
}

function rootExport(exports: unknown): string | undefined {
  if (typeof exports === "string") return exports;
  if (!isRecord(exports)) return undefined;
  for (const key of [".", "bun", "import", "module", "default", "require"]) {
    const found = rootExport(exports[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parse(manifest: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(readFileSync(manifest, "utf8"));
    if (isRecord(content)) return content;
    throw new Error("it holds no object");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SoloError("invalid_source", `${manifest} can't be read: ${reason}`, { cause });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
