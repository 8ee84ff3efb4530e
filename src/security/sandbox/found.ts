import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isProgram, type ServiceSpec } from "../../api/index.ts";
import { isTooWide, isWithin, ownFolderAt, resolved, type SandboxPlace } from "./place.ts";

/**
 * What a service needs to read and its owner has named already, without symbolic links: the working folder, and the files and
 * folders among its arguments, with the folder of a file. Folders that hold more than the service's own are left out, and so
 * is what lies beneath them only by being hidden or the machine's.
 */
export function foundPaths(spec: ServiceSpec, cwd: string, place: SandboxPlace): string[] {
  const [program = "", ...rest] = spec.command ?? [];
  // A program without a slash is found in PATH, where many are.
  const words = isProgram(spec.kind)
    ? [...(program.includes("/") ? [program] : []), ...rest]
    : [spec.path ?? "", ...spec.args];
  const named = words.flatMap((word) => pathsIn(word)).flatMap((path) => pathAndFolder(resolve(cwd, path), place));
  const found = [...folder(resolved(cwd), place), ...named];
  return [...new Set(found)].slice(0, mostPaths);
}

/** Longer arguments are scripts, and more paths lists of data. */
const mostPaths = 100;
const longestPath = 4_096;

/** An argument may be a path, or have one behind `--name=`. */
function pathsIn(word: string): string[] {
  if (word.length > longestPath || word.includes("\0")) return [];
  const equals = word.indexOf("=");
  return [word, ...(equals > 0 ? [word.slice(equals + 1)] : [])].filter((text) => text !== "");
}

function pathAndFolder(path: string, place: SandboxPlace): string[] {
  const real = resolved(path);
  const stat = statOf(real);
  if (stat === undefined || ownFolderAt(real, place) !== undefined) return [];
  if (devices.some((folder) => isWithin(real, folder))) return [];
  if (stat.isDirectory()) return folder(real, place);
  if (!stat.isFile()) return [];
  const beside = dirname(real);
  return [real, ...(isShared(beside) ? [] : folder(beside, place))];
}

function folder(real: string, place: SandboxPlace): string[] {
  return isTooWide(real, place) ? [] : [real];
}

/** Whether a folder holds files of many programs, or what is hidden from a user's own eyes: a key lies beside other keys. */
function isShared(real: string): boolean {
  return real.includes("/.") || machineFolders.some((folder) => isWithin(real, folder));
}

/** Undefined for nothing, and for what may not be looked at. */
function statOf(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

const devices = ["/dev", "/proc", "/sys"];
const machineFolders = ["/boot", "/etc", "/run", "/var"];
