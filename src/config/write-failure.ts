import { SoloError } from "../api/error.ts";

/** What the system says when a path can't be written to at all: nothing has changed then. */
const refusals = new Set([
  "EACCES",
  "EEXIST",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOENT",
  "ENOTDIR",
  "EPERM",
  "EROFS",
]);

/** Why a configuration file can't be written, if that is what was thrown; anything else as it came. */
export function writeFailure(file: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof SoloError) return thrown;
  if (!("code" in thrown) || !refusals.has(String(thrown.code))) return thrown;
  return new SoloError("io_error", `${file}: can't be written (${thrown.message})`, {
    hint: "choose a file that you may write to",
    cause: thrown,
  });
}
