import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { SoloError } from "../api/error.ts";
import { acquireLock, type Lock, writeFileAtomic } from "../system/index.ts";
import { type Context, contextNameFault, contextUrlFault } from "./contexts.ts";
import { ConfigDocument, isTable, readDocument, tryParseDocument } from "./document.ts";
import { suggest } from "./nearest.ts";
import { formatPlace } from "./place.ts";
import { localContext } from "./settings.ts";
import { appendTable, removeKey, setKey } from "./toml-edit.ts";
import { writeFailure } from "./write-failure.ts";

/**
 * Adds a context to the user's file, which is made when there is none. Relative paths are meant from `cwd`.
 * @throws SoloError `conflict` when there is one of that name, `usage` for a name or URL that is none
 */
export async function addContext(file: string, context: Context, cwd: string): Promise<void> {
  const { name, url, cert, key } = context;
  const fault = contextNameFault(name) ?? contextUrlFault(url);
  if (fault !== undefined) throw new SoloError("usage", `context ${JSON.stringify(name)}: ${fault}`);
  if ((cert === undefined) !== (key === undefined)) {
    throw new SoloError("usage", "a client certificate and its key belong together: give both or none");
  }
  const values: Record<string, string> = { url };
  for (const field of ["token_file", "ca", "cert", "key"] as const) {
    const path = context[field];
    if (path !== undefined) values[field] = resolve(cwd, path);
  }
  await edit(file, (document) => {
    const contexts = contextsOf(document);
    if (Object.hasOwn(contexts, name)) {
      throw new SoloError(
        "conflict",
        `there is a context ${name} already (${formatPlace(document.keyPlace(["contexts", name]))})`,
        {
          hint: `\`solo context remove ${name}\` removes it, or choose another name`,
        },
      );
    }
    const pairs = Object.entries(values).map(([field, value]) => [field, JSON.stringify(value)] as const);
    return {
      value: { ...document.value, contexts: { ...contexts, [name]: values } },
      toml: () => appendTable(document.text, ["contexts", name], pairs),
    };
  });
}

/** Makes a context the current one; `local` goes back to this machine's own kernel. Throws `not_found`. */
export async function chooseContext(file: string, name: string): Promise<void> {
  await edit(file, (document) => {
    if (name !== localContext) requireContext(document, name);
    return {
      value: { ...document.value, cli: { ...tableOf(document, "cli"), context: name } },
      toml: () => setKey(document.text, "cli", "context", JSON.stringify(name)),
    };
  });
}

/** Removes a context. The current one only with `force`, which makes this machine's own kernel current. */
export async function removeContext(
  file: string,
  name: string,
  options: { readonly force?: boolean } = {},
): Promise<void> {
  await edit(file, (document) => {
    requireContext(document, name);
    const { context, ...cli } = tableOf(document, "cli");
    const isCurrent = context === name;
    if (isCurrent && !options.force) {
      throw new SoloError("conflict", `${name} is the current context`, {
        hint: `choose another first (\`solo context use ${localContext}\`), or repeat with --yes`,
      });
    }
    const { [name]: _, ...contexts } = contextsOf(document);
    const without = () => removeKey(document.text, ["contexts", name]);
    return {
      value: { ...document.value, contexts, ...(isCurrent && { cli }) },
      toml: () => (isCurrent ? removeKey(without(), ["cli", "context"]) : without()),
    };
  });
}

interface Change {
  /** What the file shall mean. */
  readonly value: Readonly<Record<string, unknown>>;
  /** The TOML text that shall mean it. */
  readonly toml: () => string;
}

/**
 * Changes a file under a lock, only if the new text means exactly what it should, and all or nothing.
 * @throws SoloError `io_error` when it can't be written
 */
async function edit(file: string, change: (document: ConfigDocument) => Change): Promise<void> {
  try {
    await editLocked(file, change);
  } catch (error) {
    throw writeFailure(file, error);
  }
}

async function editLocked(file: string, change: (document: ConfigDocument) => Change): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Whoever keeps the file elsewhere and links to it wants the file replaced, not the link.
  const target = existsSync(file) ? realpathSync(file) : file;
  const lock = await lockFolder(dirname(target));
  try {
    const document = existsSync(target) ? readDocument(target, file) : emptyDocument(file);
    const { value, toml } = change(document);
    const text = document.format === "json" ? `${JSON.stringify(value, null, 2)}\n` : toml();
    verify(document, text, value);
    writeFileAtomic(target, text);
  } finally {
    lock.release();
  }
}

function verify(document: ConfigDocument, text: string, value: Readonly<Record<string, unknown>>): void {
  const result = tryParseDocument(text, document.name);
  if (result instanceof ConfigDocument && isDeepStrictEqual(plain(result.value), plain(value))) return;
  const place = formatPlace(document.keyPlace(["contexts"]));
  throw new SoloError(
    "conflict",
    `${place}: this file is written in a way that can't be changed without losing something`,
    {
      hint: "write each context as a table of its own, [contexts.NAME], or change the file by hand",
    },
  );
}

/** An empty table means the same as none. */
function plain(value: Readonly<Record<string, unknown>>): unknown {
  const full = Object.entries(value).filter(([, part]) => !(isTable(part) && Object.keys(part).length === 0));
  return JSON.parse(JSON.stringify(Object.fromEntries(full)));
}

/** How long another `solo` may take with the same file, in milliseconds, and how often to look. */
const lockPatienceMs = 2_000;
const lockPauseMs = 10;

async function lockFolder(folder: string): Promise<Lock> {
  const path = join(folder, ".solo-config.lock");
  const deadline = performance.now() + lockPatienceMs;
  for (;;) {
    const lock = acquireLock(path);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) {
      throw new SoloError("locked", `another process is changing the configuration in ${folder}`, {
        hint: "repeat the command",
      });
    }
    await Bun.sleep(lockPauseMs);
  }
}

function emptyDocument(name: string): ConfigDocument {
  const document = tryParseDocument(name.toLowerCase().endsWith(".json") ? "{}" : "", name);
  if (document instanceof ConfigDocument) return document;
  throw new Error("an empty document is a valid one");
}

function requireContext(document: ConfigDocument, name: string): void {
  const contexts = Object.keys(contextsOf(document));
  if (contexts.includes(name)) return;
  const hint = contexts.length > 0 ? suggest(name, contexts) : "`solo context add NAME URL` adds one";
  throw new SoloError("not_found", `there is no context ${JSON.stringify(name)} in ${document.name}`, { hint });
}

function contextsOf(document: ConfigDocument): Record<string, unknown> {
  return tableOf(document, "contexts");
}

function tableOf(document: ConfigDocument, key: string): Record<string, unknown> {
  const table = document.value[key];
  return isTable(table) ? table : {};
}
