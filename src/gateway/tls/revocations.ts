import { readFileSync, statSync } from "node:fs";
import { isRevokedBy, type RevokedCertificate, revokedListSchema, SoloError } from "../../api/index.ts";

/** What says which certificate a peer has. */
export interface Identity {
  readonly serial: string;
  readonly sha256: string;
}

/** The certificates that `solo tls revoke` ended, read again whenever their file changed. */
export class Revocations {
  readonly #path: string;
  readonly #say: (level: "info" | "warn", message: string) => void;
  readonly #onChange = new Set<() => void>();
  #stamp = "none";
  #revoked: readonly RevokedCertificate[] = [];
  /** Why the newest list can't be read: then nobody knows who may come in. */
  #problem: SoloError | undefined;

  constructor(path: string, say: (level: "info" | "warn", message: string) => void) {
    this.#path = path;
    this.#say = say;
  }

  /**
   * Calls back whenever the list has changed: a connection that is open already may be of one that is on it now.
   * @returns what ends that
   */
  onChange(callback: () => void): () => void {
    this.#onChange.add(callback);
    return () => this.#onChange.delete(callback);
  }

  get problem(): SoloError | undefined {
    return this.#problem;
  }

  /** Reads the list anew if it has changed. */
  look(): void {
    const stamp = stampOf(this.#path);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      const list: unknown = stamp === "none" ? { revoked: [] } : JSON.parse(readFileSync(this.#path, "utf8"));
      this.#revoked = revokedListSchema.parse(list).revoked;
      this.#problem = undefined;
      this.#say("info", `TLS: revoked client certificates: ${this.#revoked.length}`);
    } catch (cause) {
      const message = `${this.#path} can't be read: until it can, no client certificate counts`;
      this.#problem = new SoloError("invalid_config", message, { cause });
      this.#say("warn", `TLS: ${message}`);
    }
    for (const callback of this.#onChange) callback();
  }

  /** As of now, also where the file changed a moment ago. */
  has(certificate: Identity): boolean {
    this.look();
    return this.#problem !== undefined || this.#revoked.some((one) => isRevokedBy(one, certificate));
  }
}

/** Changes whenever a file does, also by a rename over it. */
export function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "none" : `${found.ino}:${found.mtimeMs}:${found.size}`;
}
