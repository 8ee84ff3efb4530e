import { dirname, join } from "node:path";
import { SoloError } from "../../../api/error.ts";
import { portMention } from "../../../api/host-variables.ts";
import type { BuildJob, BuildOutput, BuildProblem } from "../builder/job.ts";
import { type ArtifactFile, publish } from "../publish.ts";
import { entryModule } from "./entry-module.ts";
import { onlyWithin } from "./only-within.ts";
import { sourceLocation } from "./source-location.ts";

/** Largest bundle with its assets. A service reads it at every start, so more than this is a mistake. */
const maxBundleBytes = 67_108_864;

/** Complaints that are passed on; the first few say it all. */
const maxProblems = 20;

const entryName = "main.js";

/**
 * Bundles a program with everything it imports into one module and publishes it. What the host offers (`solo`) and what
 * the runtime has built in stay outside. Changes the working directory: the bundler names modules relative to it, and
 * the names must not depend on where the project lies.
 *
 * @param unfinished the folder that becomes the artifact's, see `publish`
 * @param within where everything that is imported must lie; macros are refused then
 * @returns the artifact, or the places where the sources are wrong
 */
export async function bundle(
  path: string,
  artifactsFolder: string,
  { unfinished, within }: Pick<BuildJob, "unfinished" | "within"> = {},
): Promise<{ output: BuildOutput } | { problems: BuildProblem[] }> {
  const entry = entryModule(path);
  const root = dirname(entry);
  process.chdir(root);
  const result = await Bun.build({
    entrypoints: [entry],
    target: "bun",
    sourcemap: "linked",
    external: ["solo"],
    env: "disable",
    // Left to the moment when the program runs: the bundler would write "development" into it.
    define: { "process.env.NODE_ENV": "process.env.NODE_ENV" },
    naming: { entry: entryName, asset: "[name]-[hash].[ext]" },
    plugins: within === undefined ? [sourceLocation] : [onlyWithin(within), sourceLocation],
    throw: false,
    ...(within !== undefined && noMacros),
  });
  if (!result.success) {
    const problems = result.logs.slice(0, maxProblems).map(toProblem);
    // The advice about an import that is not found would tell what lies beside it.
    return { problems: within === undefined ? problems : problems.map((problem) => ({ ...problem, specifier: null })) };
  }
  const files = await Promise.all(result.outputs.map((output) => toFile(output, root, result.outputs)));
  const bytes = files.reduce((total, file) => total + file.bytes.byteLength, 0);
  if (bytes > maxBundleBytes) {
    throw new SoloError("invalid_source", `${path} bundles to ${bytes} bytes; at most ${maxBundleBytes} are accepted`, {
      hint: "read large files at run time instead of importing them",
    });
  }
  const { digest, directory, cached } = await publish(artifactsFolder, "source", files, unfinished);
  const main = files.find((file) => file.name === entryName);
  const mentionsPort = main !== undefined && portMention.test(new TextDecoder().decode(main.bytes));
  return { output: { digest, entry: join(directory, entryName), mentionsPort, cached } };
}

/** They would run here, with all that the kernel's user may. Bun has no type for it. */
const noMacros = { macros: false };

type Output = Bun.BuildOutput["outputs"][number];

async function toFile(output: Output, root: string, all: readonly Output[]): Promise<ArtifactFile> {
  const name = output.path.replace(/^\.\//, "");
  if (output.kind === "sourcemap") {
    return { name, bytes: new TextEncoder().encode(absoluteSources(await output.text(), root)), digested: false };
  }
  if (output.kind !== "entry-point") return { name, bytes: new Uint8Array(await output.arrayBuffer()), digested: true };
  const assets = all.filter(({ kind }) => kind === "asset").map(({ path }) => path);
  const text = locateAssets(await output.text(), assets).replace(/^\/\/# debugId=.*\n/m, "");
  return { name, bytes: new TextEncoder().encode(text), digested: true };
}

/** Stack traces show where the sources are, not where the bundle is. */
function absoluteSources(map: string, root: string): string {
  const content: { sources: string[] } = JSON.parse(map);
  return JSON.stringify({ ...content, sources: content.sources.map((source) => join(root, source)) });
}

/** The bundler names an imported file relative to the working directory of the program; it lies beside the bundle. */
function locateAssets(text: string, assets: readonly string[]): string {
  const located = (asset: string) => `= import.meta.dir + ${JSON.stringify(asset.slice(1))};`;
  return assets.reduce((code, asset) => code.replaceAll(`= ${JSON.stringify(asset)};`, () => located(asset)), text);
}

function toProblem(log: BuildMessage | ResolveMessage): BuildProblem {
  const { message, position } = log;
  const specifier = "specifier" in log && typeof log.specifier === "string" ? log.specifier : null;
  return {
    message,
    file: position?.file || null,
    line: position?.line ?? 0,
    column: position?.column ?? 0,
    length: position?.length ?? 0,
    specifier,
  };
}
