import { createHash } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { bundleOptions } from "./build/bundle-options.ts";
import { deafRuntime } from "./build/deaf-runtime.ts";

/** Builds `dist/solo`: one executable with Bun's runtime, every command and the host that runs services. */
const root = join(import.meta.dir, "..");
const dist = join(root, "dist");
const target = join(dist, "solo");
const unfinished = join(dist, `.solo-${process.pid}`);

await mkdir(dist, { recursive: true });
const runtime = await deafRuntime(dist);
try {
  await buildWith(runtime);
  await rename(unfinished, target);
  console.error(`built ${target}`);
} finally {
  await rm(runtime, { force: true });
  await rm(unfinished, { force: true });
}

async function buildWith(executablePath: string): Promise<void> {
  const { logs } = await Bun.build({
    ...(await bundleOptions(root)),
    bytecode: true,
    define: { SOLO_COMMIT: JSON.stringify(await commit()) },
    // A service's folder is the working directory of people's shells: what lies there must not run inside the binary.
    compile: { outfile: unfinished, executablePath, autoloadDotenv: false, autoloadBunfig: false },
  });
  for (const log of logs) console.error(String(log));
}

/** The commit, and for a changed tree a digest of the changes: two builds that differ must not claim to be the same. */
async function commit(): Promise<string> {
  const git = async (...words: string[]) => {
    const child = Bun.spawn(["git", ...words], { cwd: root, stdout: "pipe", stderr: "ignore" });
    const text = await new Response(child.stdout).text();
    return (await child.exited) === 0 ? text.trim() : undefined;
  };
  const head = await git("rev-parse", "--short=12", "HEAD").catch(() => undefined);
  if (head === undefined) return "unknown";
  const changes = `${await git("diff", "HEAD")}${await git("ls-files", "--others", "--exclude-standard")}`;
  return changes === "" ? head : `${head}-${createHash("sha256").update(changes).digest("hex").slice(0, 8)}`;
}
