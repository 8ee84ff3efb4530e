import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** AES-256-GCM (NIST SP 800-38D): keys of 32 bytes, random nonces of 12, tags of 16. */
const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;
/** The first byte of what is sealed: another form would have another number. */
const form = 1;
const overhead = 1 + nonceBytes + tagBytes;

export const keyBytes = 32;

/**
 * Seals bytes under a key: form, nonce, ciphertext, tag. `bound` says what they are (their tenant, their name, …): it is not
 * kept in the result, and only who names the same opens it. Each sealing has a fresh nonce.
 */
export function seal(key: Uint8Array, content: Uint8Array, bound: readonly string[]): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(encodeBound(bound));
  const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([Buffer.of(form), nonce, sealed, cipher.getAuthTag()]);
}

/** What was sealed; undefined when a bit of it, the key, or what it is bound to is not as it was. */
export function open(key: Uint8Array, sealed: Uint8Array, bound: readonly string[]): Buffer | undefined {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < overhead || bytes[0] !== form) return undefined;
  const tagAt = bytes.length - tagBytes;
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(1, 1 + nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(encodeBound(bound));
  decipher.setAuthTag(bytes.subarray(tagAt));
  const content = decipher.update(bytes.subarray(1 + nonceBytes, tagAt));
  try {
    return Buffer.concat([content, decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Each part behind its length, so that no two lists have one encoding. */
function encodeBound(bound: readonly string[]): Buffer {
  const parts = bound.flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}
