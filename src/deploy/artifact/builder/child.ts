import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { SoloError } from "../../../api/error.ts";
import { unfinishedPrefix } from "../publish.ts";
import { bundle } from "../source/bundle.ts";
import { checkModule } from "../wasm/check-module.ts";
import type { BuildAnswer, BuildJob, BuildRequest } from "./job.ts";

/** An unfinished artifact that was not touched for this long was left by a crash. */
const abandonedAfterMs = 600_000;

/**
 * The builder process (`solo __build`): builds what the kernel asks for over IPC, one job at a time, until the kernel hangs
 * up. It is a process of its own so that a crash of the bundler, or its memory, is not the kernel's.
 */
export function runBuilder(): void {
  let turn: Promise<void> = Promise.resolve();
  const swept = new Set<string>();
  process.on("disconnect", () => process.exit(0));
  process.on("message", (request: BuildRequest) => {
    turn = turn.then(async () => {
      if (!swept.has(request.job.artifactsFolder)) sweep(request.job.artifactsFolder);
      swept.add(request.job.artifactsFolder);
      process.send?.(await answer(request));
    });
  });
}

async function answer({ id, job }: BuildRequest): Promise<BuildAnswer> {
  try {
    return { id, ...(await build(job)) };
  } catch (error) {
    return { id, error: SoloError.from(error, "no").toDocument() };
  }
}

async function build({ kind, path, artifactsFolder, unfinished, within }: BuildJob) {
  if (kind === "wasm") return { output: await checkModule(path, artifactsFolder) };
  return bundle(path, artifactsFolder, { unfinished, within });
}

function sweep(folder: string): void {
  const names = readdirSync(folder).filter((name) => name.startsWith(unfinishedPrefix));
  for (const name of names) {
    const path = join(folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > abandonedAfterMs) rmSync(path, { recursive: true, force: true });
  }
}
