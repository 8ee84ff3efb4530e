import { randomBytes } from "node:crypto";
import { tokenPattern, tokenPrefix } from "../../api/index.ts";

const tokenBytes = 32;
export const hashBytes = 32;

/** A new token: 32 random bytes. It is shown to whom it is granted, and kept nowhere. */
export function newToken(): string {
  return tokenPrefix + randomBytes(tokenBytes).toString("base64url");
}

/** What is kept of a token: the SHA-256 of its text; undefined for a text that is no token. */
export function hashOf(token: string): Buffer | undefined {
  return hashToLookFor(token) && Buffer.from(looked);
}

/** The same as numbers, for a look at once: the next call overwrites them. */
export function hashToLookFor(token: string): Int32Array | undefined {
  if (!tokenPattern.test(token)) return undefined;
  // Half the time of `node:crypto`, of which every request with a token would pay.
  Bun.SHA256.hash(token, looked);
  return lookedWords;
}

const looked = new Uint8Array(hashBytes);
const lookedWords = new Int32Array(looked.buffer);

/** The name by which people and other capabilities refer to one. It is no secret. */
export function newCapabilityId(): string {
  return `cap-${randomBytes(8).toString("hex")}`;
}
