import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ServiceSpec, SoloError } from "../../../../src/api/index.ts";
import type { Artifact } from "../../../../src/deploy/artifact/artifact.ts";
import { buildArtifact } from "../../../../src/deploy/artifact/build-artifact.ts";
import { Builder } from "../../../../src/deploy/artifact/builder/builder.ts";

/** One builder process for all tests of a file, as a kernel has it. */
export const builder = new Builder([process.execPath, join(import.meta.dir, "fixtures", "builder.ts")]);

/** A folder with a project to build and a place for artifacts. */
export class Workshop implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "solo-artifact-"));
  readonly artifacts = join(this.folder, "artifacts");

  write(files: Readonly<Record<string, string | Uint8Array>>): this {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), content);
    }
    return this;
  }

  path(name: string): string {
    return join(this.folder, "project", name);
  }

  source(name: string): Promise<Artifact> {
    return this.build({ kind: "source", path: this.path(name) });
  }

  wasm(name: string): Promise<Artifact> {
    return this.build({ kind: "wasm", path: this.path(name) });
  }

  command(...command: string[]): Promise<Artifact> {
    return this.build({ kind: "command", command, cwd: this.path("") });
  }

  build(spec: Partial<ServiceSpec> & Pick<ServiceSpec, "kind">): Promise<Artifact> {
    return buildArtifact({ env: {}, ...spec }, this.artifacts, { builder });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The error that a build ends with. */
export async function failure(build: Promise<unknown>): Promise<SoloError> {
  const thrown = await build.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof SoloError) return thrown;
  throw new Error(`expected a SoloError, got ${Bun.inspect(thrown)}`);
}

/** Runs a bundle as a program and returns what it prints. */
export async function run(artifact: Artifact, cwd = "/"): Promise<string> {
  const child = Bun.spawn({
    cmd: [process.execPath, artifact.entry],
    cwd,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(stderr);
  return stdout;
}
