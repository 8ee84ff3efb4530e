import { statSync } from "node:fs";
import { extname } from "node:path";
import type { ServiceKind } from "../../api/spec.ts";

/** Extensions of programs that are bundled. */
const sourceExtensions: ReadonlySet<string> = new Set([".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"]);

/** The kind of artifact that a path most likely is: by its extension, a folder as source, any other file as command. */
export function detectKind(path: string): ServiceKind {
  const extension = extname(path).toLowerCase();
  if (extension === ".wasm") return "wasm";
  if (sourceExtensions.has(extension)) return "source";
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? "source" : "command";
}
