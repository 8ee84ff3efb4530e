import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type RevokedCertificate, revokedFile, revokedListSchema, SoloError } from "../../api/index.ts";
import { writeFileAtomic } from "../../system/index.ts";

/**
 * The certificates that count no more, oldest first.
 * @throws SoloError `invalid_config` when their list is none
 */
export function readRevoked(folder: string): readonly RevokedCertificate[] {
  const path = join(folder, revokedFile);
  if (!existsSync(path)) return [];
  try {
    return revokedListSchema.parse(JSON.parse(readFileSync(path, "utf8"))).revoked;
  } catch (cause) {
    throw new SoloError("invalid_config", `${path} is no list of revoked certificates`, {
      hint: "until it is one, or gone, no client certificate counts",
      cause,
    });
  }
}

/** A kernel that runs takes it up by itself. */
export function writeRevoked(folder: string, revoked: readonly RevokedCertificate[]): void {
  writeFileAtomic(join(folder, revokedFile), `${JSON.stringify({ revoked }, null, 2)}\n`);
}
