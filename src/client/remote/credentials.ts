import { SoloError } from "../../api/index.ts";

/** Where a remote kernel is and what proves who we are. Paths are absolute. */
export interface RemoteTarget {
  readonly name: string;
  /** `https://host:port`, `http://` on loopback, or `unix:///path`. */
  readonly url: string;
  readonly token_file?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Counts before `token_file`. */
  readonly token?: string;
}

export interface Credentials {
  readonly token: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** Reads a context's files. A missing one is a configuration error that names the context. */
export async function readCredentials(target: RemoteTarget): Promise<Credentials> {
  const [token, ca, cert, key] = await Promise.all([
    target.token ?? read(target, "token_file"),
    read(target, "ca"),
    read(target, "cert"),
    read(target, "key"),
  ]);
  return { token: token?.trim(), ca, cert, key };
}

async function read(target: RemoteTarget, field: "token_file" | "ca" | "cert" | "key"): Promise<string | undefined> {
  const path = target[field];
  if (path === undefined) return undefined;
  try {
    return await Bun.file(path).text();
  } catch (cause) {
    throw new SoloError("invalid_config", `context ${target.name}: can't read ${field} ${path}`, {
      hint: `check contexts.${target.name}.${field} in your configuration`,
      cause,
    });
  }
}
