import { statSync } from "node:fs";
import { extname, isAbsolute, resolve } from "node:path";
import { type ServiceKind, type ServiceSpecInput, SoloError } from "../../api/index.ts";

export interface ProgramRequest {
  /** As given: a file, a folder, or the name of an executable in PATH. */
  readonly path: string;
  readonly args: readonly string[];
  readonly kind: ServiceKind | undefined;
  readonly cwd: string;
  /** False for a kernel on another machine, which may have an executable at an absolute path that is not here. */
  readonly local: boolean;
}

/** What to run, and how: the part of a specification that follows from the path. Missing files are told at once. */
export function programOf(request: ProgramRequest): Pick<ServiceSpecInput, "kind" | "path" | "command" | "args"> {
  const { path, args, cwd } = request;
  if (request.kind === undefined && projectExtensions.has(extname(path).toLowerCase())) {
    throw new SoloError("usage", `${path} is no program`, {
      hint: `\`solo deploy --file ${path}\` deploys the services that a project file declares`,
    });
  }
  if (path === "") throw new SoloError("usage", "PATH is empty", { hint: "`.` stands for this folder" });
  const kind = request.kind ?? detectKind(request);
  const absolute = resolve(cwd, path);
  if (kind === "command" || kind === "port")
    return { kind, command: [isBareWord(path) && !exists(absolute) ? path : absolute, ...args] };
  if (!exists(absolute)) throw missing(path);
  return { kind, path: absolute, args: [...args] };
}

function detectKind({ path, cwd, local }: ProgramRequest): ServiceKind {
  const extension = extname(path).toLowerCase();
  if (extension === ".wasm") return "wasm";
  if (sourceExtensions.has(extension)) return "source";
  const found = stat(resolve(cwd, path));
  if (found?.isDirectory()) return "source";
  if (!found && !isBareWord(path) && (local || !isAbsolute(path))) throw missing(path);
  return "command";
}

/** A word without a slash may be a program in the kernel's PATH. */
function isBareWord(path: string): boolean {
  return !path.includes("/") && !/\.[a-z]+$/.test(path);
}

function missing(path: string): SoloError {
  return new SoloError("file_not_found", `${path}: there is no such file or folder`, {
    hint: "give the path of a .ts, .js or .wasm file, a folder with a package.json, or an executable",
  });
}

function exists(path: string): boolean {
  return stat(path) !== undefined;
}

function stat(path: string) {
  return statSync(path, { throwIfNoEntry: false });
}

/** Of files that declare services. */
const projectExtensions = new Set([".toml", ".json"]);
const sourceExtensions = new Set([".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"]);
