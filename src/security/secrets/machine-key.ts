import { hkdfSync, randomBytes, scrypt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { SoloError } from "../../api/index.ts";
import { keyBytes } from "./seal.ts";

/** Where the key comes from that seals the tenants' keys. */
export type MachineKeyKind = "file" | "passphrase" | "credential";

/** Where to look for it. All paths are absolute. */
export interface KeySources {
  /** Made when there is none. */
  readonly keyFile: string;
  readonly passphraseFile: string | null;
  /** A credential of systemd's (systemd.exec(5), `LoadCredentialEncrypted=`). */
  readonly credential: string | null;
}

/** The name that the credential must have. */
export const credentialName = "solo-secrets-key";

/** What the vault keeps of its machine key, so as to find or derive it again; no secret. */
export type KeyRecord =
  | { readonly kind: "file"; readonly id: string }
  | { readonly kind: "passphrase"; readonly salt: string; readonly cost: number }
  | { readonly kind: "credential"; readonly salt: string };

/** scrypt (RFC 7914) with r = 8, p = 1: 128 MB and most of a second for each guess. */
const scryptCost = 2 ** 17;
const blockSize = 8;
const shortestPassphrase = 8;
const shortestCredential = 16;

export function newPassphraseRecord(): KeyRecord & { kind: "passphrase" } {
  return { kind: "passphrase", salt: randomBytes(16).toString("base64"), cost: scryptCost };
}

export function newCredentialRecord(): KeyRecord & { kind: "credential" } {
  return { kind: "credential", salt: randomBytes(16).toString("base64") };
}

/** @throws SoloError `usage` for one that is too short */
export function checkPassphrase(passphrase: string): void {
  if (passphrase.length >= shortestPassphrase) return;
  throw new SoloError("usage", `a passphrase has at least ${shortestPassphrase} characters`, {
    hint: "five or six random words are easy to keep and hard to guess",
  });
}

/** Takes most of a second, beside the event loop. */
export function keyFromPassphrase(passphrase: string, record: KeyRecord & { kind: "passphrase" }): Promise<Buffer> {
  const { cost: N } = record;
  const options = { N, r: blockSize, p: 1, maxmem: 2 * 128 * N * blockSize };
  return new Promise((resolve, reject) => {
    scrypt(passphrase, Buffer.from(record.salt, "base64"), keyBytes, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

/** The file's text without the newline at its end. */
export function readPassphrase(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new SoloError("file_not_found", `${file}: the passphrase of the secrets can't be read`, {
      hint: "`secrets.passphrase_file` in the configuration names it; `solo secrets unlock` asks for it instead",
      cause,
    });
  }
}

/** @throws SoloError `file_not_found` when it is not there, `invalid_config` when it is too short to be a key */
export function keyFromCredential(path: string | null, record: KeyRecord & { kind: "credential" }): Buffer {
  if (path === null || !existsSync(path)) {
    throw new SoloError("file_not_found", `there is no credential ${credentialName}, which the secrets are sealed by`, {
      hint: `start the kernel by a systemd unit with LoadCredentialEncrypted=${credentialName}`,
    });
  }
  const content = readFileSync(path);
  if (content.length < shortestCredential) {
    throw new SoloError("invalid_config", `the credential ${credentialName} has ${content.length} bytes`, {
      hint: "make it of 32 random bytes: `head -c 32 /dev/urandom | systemd-creds encrypt - …`",
    });
  }
  return Buffer.from(hkdfSync("sha256", content, Buffer.from(record.salt, "base64"), "solo secrets", keyBytes));
}
