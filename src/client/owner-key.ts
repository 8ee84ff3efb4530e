import { ownerKeyHeader, ownerKeyPath } from "../api/owner-key.ts";

/** The header that opens a kernel's socket; none when the key can't be read, which the kernel then says itself. */
export async function ownerKey(socketPath: string): Promise<Readonly<Record<string, string>>> {
  try {
    return { [ownerKeyHeader]: (await Bun.file(ownerKeyPath(socketPath)).text()).trim() };
  } catch {
    return {};
  }
}
