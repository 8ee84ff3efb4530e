/**
 * A client certificate that counts no more, though its time is not up. It is known by its SHA-256, or the first digits of that,
 * or by its serial number, all in small hexadecimal digits.
 */
export interface RevokedCertificate {
  /** Of the client here; null when its file is not. */
  readonly name: string | null;
  readonly tenant: string | null;
  readonly serial: string | null;
  readonly sha256: string | null;
  /** RFC 3339. */
  readonly revoked: string;
  /** When it would have ended by itself; null: unknown. */
  readonly expires: string | null;
}

/** Whether a certificate is that one. */
export function isRevokedBy(
  { serial, sha256 }: Pick<RevokedCertificate, "serial" | "sha256">,
  certificate: { readonly serial: string; readonly sha256: string },
): boolean {
  if (sha256 !== null) return certificate.sha256.startsWith(sha256);
  return serial !== null && normalSerial(certificate.serial) === serial;
}

/** A serial number without what programs write differently: capitals, colons, leading zeros. */
export function normalSerial(serial: string): string {
  return serial.replaceAll(":", "").toLowerCase().replace(/^0+/, "");
}

/** Beside the certificates of a kernel. */
export const revokedFile = "revoked.json";
