import { extname, isAbsolute, resolve } from "node:path";
import { type ServiceKind, type ServiceSpecInput, SoloError } from "../../api/index.ts";
import { lookUp } from "../../system/index.ts";

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
export async function programOf(
  request: ProgramRequest,
): Promise<Pick<ServiceSpecInput, "kind" | "path" | "command" | "args">> {
  const { path, args, cwd } = request;
  if (request.kind === undefined && projectExtensions.has(extname(path).toLowerCase())) {
    throw new SoloError("usage", `${path} is no program`, {
      hint: `\`solo deploy --file ${path}\` deploys the services that a project file declares`,
    });
  }
  if (path === "") throw new SoloError("usage", "PATH is empty", { hint: "`.` stands for this folder" });
  const kind = request.kind ?? (await detectKind(request));
  const absolute = resolve(cwd, path);
  if (kind === "command" || kind === "port")
    return { kind, command: [isBareWord(path) && !(await isThere(absolute)) ? path : absolute, ...args] };
  if (!(await isThere(absolute))) throw missing(path);
  return { kind, path: absolute, args: [...args] };
}

async function detectKind({ path, cwd, local }: ProgramRequest): Promise<ServiceKind> {
  const extension = extname(path).toLowerCase();
  if (extension === ".wasm") return "wasm";
  if (sourceExtensions.has(extension)) return "source";
  const found = await lookUp(resolve(cwd, path));
  if (found?.isDirectory()) return "source";
  if (!found && !isBareWord(path) && (local || !isAbsolute(path))) throw missing(path);
  return "command";
}

/** For a file, which is what there nearly always is, Bun need not wake a thread. */
async function isThere(path: string): Promise<boolean> {
  return (await Bun.file(path).exists()) || (await lookUp(path)) !== undefined;
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

/** Of files that declare services. */
const projectExtensions = new Set([".toml", ".json"]);
const sourceExtensions = new Set([".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"]);
