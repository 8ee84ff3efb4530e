import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, parse } from "node:path";
import { SoloError } from "../../../api/index.ts";
import { nearest } from "../../../config/index.ts";
import type { BuildProblem } from "../builder/job.ts";

/** Lines shown before the offending one. */
const linesBefore = 2;

/** For what the frame shows well enough by itself. */
const correctIt = "correct it and deploy again; nothing was changed";

/** Longest source line that is shown, in characters: generated code has lines of megabytes. */
const maxLineLength = 200;

/** The bundler's complaints as one error: the first with its place and the code around it, the others in `details`. */
export function sourceError(problems: readonly BuildProblem[]): SoloError {
  const [first] = problems;
  if (!first)
    return new SoloError("invalid_source", "the program can't be bundled, and the bundler did not say why", {
      hint: "`bun build` on the same file may tell more",
    });
  const frame = codeFrame(first);
  const others = problems.length > 1 ? `\n(and ${problems.length - 1} more)` : "";
  const hint = first.specifier === null ? correctIt : importHint(first.specifier, first.file);
  return new SoloError("invalid_source", `${place(first)}${describe(first)}${frame ? `\n${frame}` : ""}${others}`, {
    hint,
    details: {
      file: first.file,
      line: first.line,
      column: first.column,
      problems: problems.map((problem) => `${place(problem)}${describe(problem)}`),
    },
  });
}

function place({ file, line, column }: BuildProblem): string {
  return file === null ? "" : `${file}:${line}:${column}: `;
}

/** The bundler's own advice is left out: the hint knows the project's package manager. */
function describe({ message }: BuildProblem): string {
  return message.replace(/\. Maybe you need to "bun install"\?$/, "");
}

function codeFrame({ file, line, column, length }: BuildProblem): string | undefined {
  if (file === null || line < 1 || !existsSync(file)) return undefined;
  const from = Math.max(1, line - linesBefore);
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .slice(from - 1, line);
  const width = String(line).length;
  const numbered = lines.map(
    (text, index) => `${String(from + index).padStart(width)} | ${text.slice(0, maxLineLength)}`,
  );
  const caret =
    column > maxLineLength ? [] : [`${" ".repeat(width + 2 + column)}${"^".repeat(Math.max(1, Math.min(length, 80)))}`];
  return [...numbered, ...caret].join("\n");
}

function importHint(specifier: string, importer: string | null): string {
  const folder = importer === null ? "." : dirname(importer);
  if (specifier.startsWith(".") || specifier.startsWith("/")) return fileHint(specifier, folder);
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const project = projectOf(folder);
  if (project?.dependencies.includes(name)) return `install the packages: cd ${project.folder} && ${project.install}`;
  const similar = nearest(name, [...(project?.dependencies ?? []), ...builtinModules, "solo"]);
  if (similar !== undefined) return `did you mean ${JSON.stringify(similar)}?`;
  return `add the package: cd ${project?.folder ?? folder} && ${project?.add ?? "bun add"} ${name}`;
}

/** Compares names without their extensions, which an import leaves out. */
function fileHint(specifier: string, folder: string): string {
  const wanted = join(folder, specifier);
  const present = existsSync(dirname(wanted)) ? readdirSync(dirname(wanted)) : [];
  const stems = new Map(present.map((name) => [parse(name).name, name]));
  const similar = stems.get(nearest(parse(wanted).name, stems.keys()) ?? "");
  return similar === undefined ? `there is no ${wanted}` : `did you mean ${join(dirname(wanted), similar)}?`;
}

interface Project {
  readonly folder: string;
  readonly dependencies: readonly string[];
  readonly install: string;
  readonly add: string;
}

const packageManagers = [
  { lock: "package-lock.json", install: "npm install", add: "npm install" },
  { lock: "pnpm-lock.yaml", install: "pnpm install", add: "pnpm add" },
  { lock: "yarn.lock", install: "yarn install", add: "yarn add" },
];

/** The nearest folder upwards with a package.json. */
function projectOf(folder: string): Project | undefined {
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) return folder === dirname(folder) ? undefined : projectOf(dirname(folder));
  const manager = packageManagers.find(({ lock }) => existsSync(join(folder, lock)));
  const { install = "bun install", add = "bun add" } = manager ?? {};
  return { folder, dependencies: dependenciesOf(manifest), install, add };
}

function dependenciesOf(manifest: string): string[] {
  try {
    const content: Record<string, unknown> = JSON.parse(readFileSync(manifest, "utf8"));
    return ["dependencies", "devDependencies", "peerDependencies"].flatMap((key) => Object.keys(content[key] ?? {}));
  } catch {
    return [];
  }
}
