import { type FSWatcher, readdirSync, readFileSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { hostVariables } from "../api/host-variables.ts";
import type { Secrets } from "./sdk/index.ts";

/**
 * `ctx.secrets`: the files that the kernel put into the folder named by `SOLO_SECRETS_DIR`, each replaced in one step when
 * its secret is rotated. Nothing is kept here.
 */
export function createSecrets(env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Secrets {
  const folder = env[hostVariables.secrets];
  const names = () => (folder === undefined ? [] : readdirSync(folder).toSorted());
  const read = (name: string): Buffer => {
    if (folder === undefined || !names().includes(name)) throw notFound(name);
    return readFileSync(join(folder, name));
  };
  return {
    names,
    get: (name) => read(name).toString("utf8"),
    bytes: (name) => new Uint8Array(read(name)),
    onChange: (changed) => (folder === undefined ? () => undefined : watchFolder(folder, changed, signal)),
  };
}

function watchFolder(folder: string, changed: (name: string) => void, signal: AbortSignal): () => void {
  const seen = new Map(readdirSync(folder).map((name) => [name, identityOf(join(folder, name))]));
  const watcher: FSWatcher = watch(folder, { persistent: false }, () => {
    for (const [name, former] of seen) {
      const present = identityOf(join(folder, name));
      // Gone: the instance has ended.
      if (present === undefined || present === former) continue;
      seen.set(name, present);
      changed(name);
    }
  });
  const stop = () => {
    watcher.close();
    signal.removeEventListener("abort", stop);
  };
  signal.addEventListener("abort", stop);
  return stop;
}

/** Another file in its place has another number, or was made at another time. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.ino} ${found.ctimeNs}`;
}

function notFound(name: string): Error {
  const message = `the service has no secret ${JSON.stringify(name)}: name it in its \`secrets\`, and deploy it again`;
  return Object.assign(new Error(message), { code: "not_found" });
}
