import { randomBytes } from "node:crypto";
import { tokenPattern, tokenPrefix } from "../../api/index.ts";

const tokenBytes = 32;
const hashBytes = 32;

/** A new token: 32 random bytes. It is shown to whom it is granted, and kept nowhere. */
export function newToken(): string {
  return tokenPrefix + randomBytes(tokenBytes).toString("base64url");
}

/** What is kept of a token: the SHA-256 of its text; undefined for a text that is no token. */
export function hashOf(token: string): Buffer | undefined {
  if (!tokenPattern.test(token)) return undefined;
  const hash = Buffer.allocUnsafe(hashBytes);
  // Half the time of `node:crypto`, of which every request with a token would pay.
  Bun.SHA256.hash(token, hash);
  return hash;
}

/** The name by which people and other capabilities refer to one. It is no secret. */
export function newCapabilityId(): string {
  return `cap-${randomBytes(8).toString("hex")}`;
}
