import { randomBytes, timingSafeEqual } from "node:crypto";
import { lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { ownerKeyHeader, ownerKeyPath, ownerKeyPattern } from "../../api/index.ts";

/** The key of a socket, kept from one kernel to the next; made anew when it is missing, damaged or open to others. */
export function prepareOwnerKey(socketPath: string): string {
  const path = ownerKeyPath(socketPath);
  const known = readKey(path);
  if (known !== undefined) return known;
  const key = randomBytes(32).toString("hex");
  rmSync(path, { force: true, recursive: true });
  writeFileSync(path, `${key}\n`, { mode: 0o600, flag: "wx" });
  return key;
}

/** Whether a request carries the key of this kernel's owner. */
export function hasOwnerKey(request: Request, key: string): boolean {
  const given = Buffer.from(request.headers.get(ownerKeyHeader) ?? "");
  const wanted = Buffer.from(key);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function readKey(path: string): string | undefined {
  try {
    const { mode, uid } = lstatSync(path);
    const key = readFileSync(path, "utf8").trim();
    const isOurs = uid === process.getuid?.() && (mode & 0o077) === 0;
    return isOurs && ownerKeyPattern.test(key) ? key : undefined;
  } catch {
    return undefined;
  }
}
