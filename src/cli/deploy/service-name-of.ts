import { basename, dirname, extname } from "node:path";
import { namePattern, SoloError } from "../../api/index.ts";

/**
 * The name that a service gets from what is deployed: the file's, without its ending; for `index.ts`, `service.ts` and their
 * like the folder's. `path` is absolute.
 */
export function serviceNameOf(path: string): string {
  const extension = extname(path);
  const stem = basename(path, extension);
  // Folders and programs have no ending: whatever they are called is meant as a name.
  const name = extension !== "" && generic.has(stem.toLowerCase()) ? basename(dirname(path)) : stem;
  const cleaned = name
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, longestName);
  if (namePattern.test(cleaned)) return cleaned;
  throw new SoloError("usage", `${path} gives no usable name`, { hint: "add one: `solo deploy PATH NAME`" });
}

/** Files named for their role rather than for what they are. */
const generic = new Set(["index", "service", "main", "mod"]);
const longestName = 64;
