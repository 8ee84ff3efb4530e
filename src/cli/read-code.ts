import { readFileSync } from "node:fs";
import { parse } from "node:path";
import { SoloError } from "../api/error.ts";

/**
 * New code for an agent, from a file.
 * @param module default: the file's name without its ending
 * @throws SoloError `file_not_found`
 */
export function readCode(file: string, module = parse(file).name): { readonly module: string; readonly code: string } {
  try {
    return { module, code: readFileSync(file, "utf8") };
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "EISDIR")))
      throw cause;
    throw new SoloError("file_not_found", `there is no file ${file}`, { cause });
  }
}
