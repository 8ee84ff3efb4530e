import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

/** Files whose digest is remembered. An executable of 100 MB takes 100 ms to read, and is deployed again and again. */
const maxRemembered = 1_024;

const remembered = new Map<string, string>();

/**
 * SHA-256 of a file's content in hex. It is remembered for as long as the file keeps its inode, size and times of change
 * (of which `ctime` can't be set back). A file that may be executed but not read is known by these alone.
 */
export async function contentDigest(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const key = [dev, ino, size, mtimeNs, ctimeNs].join(":");
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const digest = await read(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EACCES") return `unreadable ${key}`;
    throw error;
  });
  const [oldest] = remembered.keys();
  if (oldest !== undefined && remembered.size >= maxRemembered) remembered.delete(oldest);
  remembered.set(key, digest);
  return digest;
}

async function read(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest("hex");
}
