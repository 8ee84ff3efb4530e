import { readFileSync } from "node:fs";
import { ownerKeyHeader, ownerKeyPath } from "../api/owner-key.ts";

/** The header that opens a kernel's socket; none when the key can't be read, which the kernel then says itself. */
export function ownerKey(socketPath: string): Readonly<Record<string, string>> {
  try {
    return { [ownerKeyHeader]: readFileSync(ownerKeyPath(socketPath), "utf8").trim() };
  } catch {
    return {};
  }
}
