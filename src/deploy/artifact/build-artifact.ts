import { resolve } from "node:path";
import { isProgram, type ServiceSpec, SoloError } from "../../api/index.ts";
import type { Artifact } from "./artifact.ts";
import { Builder } from "./builder/builder.ts";
import type { BuildJob } from "./builder/job.ts";
import { readCommand } from "./command/read-command.ts";

const defaultBuilder = new Builder();

/**
 * Turns what a specification points to into an artifact: bundles a program, checks a module, or resolves an executable.
 * Nothing of the service's own runs. Bundles and modules are kept in `artifactsFolder`, each in a folder named after its
 * digest, which is complete and on the disk before it appears.
 *
 * @param unfinished the folder that becomes the artifact's, if that is made already
 * @param within where all files of a bundle must lie; undefined: no matter where
 * @throws SoloError `file_not_found`, `invalid_source` (with file:line:column and the code), `invalid_wasm`,
 *   `not_executable`, `limit_exceeded`
 */
export async function buildArtifact(
  spec: Pick<ServiceSpec, "kind" | "path" | "command" | "cwd" | "env">,
  artifactsFolder: string,
  {
    builder = defaultBuilder,
    unfinished,
    within,
  }: Pick<BuildJob, "unfinished" | "within"> & { readonly builder?: Builder } = {},
): Promise<Artifact> {
  const begin = performance.now();
  const artifact = isProgram(spec.kind)
    ? await fromCommand(spec)
    : await fromPath(spec, { artifactsFolder, unfinished, within }, builder);
  return { ...artifact, tookMs: Math.round(performance.now() - begin) };
}

async function fromPath(
  { kind, path }: Pick<ServiceSpec, "kind" | "path">,
  folders: Pick<BuildJob, "artifactsFolder" | "unfinished" | "within">,
  builder: Builder,
): Promise<Omit<Artifact, "tookMs">> {
  if (path === undefined) throw new SoloError("invalid_request", `a ${kind} service needs a path`);
  const wanted = { kind: kind === "wasm" ? "wasm" : "source", path: resolve(path), ...folders } as const;
  return { ...(await builder.build(wanted)), command: [] };
}

async function fromCommand({ command = [], cwd = "/", env }: Pick<ServiceSpec, "command" | "cwd" | "env">) {
  const { executable, digest } = await readCommand(command, cwd);
  const args = command.slice(1);
  const mentionsPort = [...args, ...Object.values(env)].some((text) => /\$PORT\b|\$\{PORT\}/.test(text));
  return { digest, entry: executable, command: [executable, ...args], mentionsPort, cached: true };
}
