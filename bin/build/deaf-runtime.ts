import { chmod } from "node:fs/promises";
import { join } from "node:path";

/**
 * A copy of Bun's runtime that does not know the environment variables through which someone else's code would run inside the
 * binary: `BUN_OPTIONS="--preload x"` would, `BUN_BE_BUN=1` would turn it into plain Bun, `BUN_INSPECT` would open a debugger.
 * Bun reads them before any line of ours, and has no option against it, so their names are overwritten in the executable.
 * A name that begins with a zero byte can't stand in any environment. Returns the copy's path, inside `folder`.
 */
export async function deafRuntime(folder: string): Promise<string> {
  const bytes = Buffer.from(await Bun.file(process.execPath).arrayBuffer());
  for (const name of variables) overwrite(bytes, name);
  const path = join(folder, `.runtime-${process.pid}`);
  await Bun.write(path, bytes);
  await chmod(path, 0o755);
  return path;
}

function overwrite(bytes: Buffer, name: string): void {
  let found = 0;
  for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + 1)) {
    bytes[at] = 0;
    found++;
  }
  if (found === 0) throw new Error(`Bun ${Bun.version} has no ${name} to make it deaf to: check what replaced it`);
}

/** `BUN_INSPECT` also stands for the names that begin with it. */
const variables = ["BUN_OPTIONS", "BUN_BE_BUN", "BUN_INSPECT"];
