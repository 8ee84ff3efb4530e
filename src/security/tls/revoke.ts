import { isRevokedBy, normalSerial, type RevokedCertificate, SoloError } from "../../api/index.ts";
import { documentsOf } from "./documents.ts";
import { prepareFolder, tlsPlaces } from "./files.ts";
import { readRevoked, writeRevoked } from "./revoked.ts";

/**
 * Ends one client certificate before its time, for good. It is named as `solo tls show` names it, or by its serial number, its
 * SHA-256 or the id that the audit trail has for it: then its file need not be here. To do it again changes nothing.
 * @throws SoloError `not_found` for a name that no client has
 */
export function revokeClient(folder: string, which: string, now = new Date()): RevokedCertificate {
  const places = tlsPlaces(folder);
  const wanted = certificateOf(places, which);
  const present = readRevoked(folder);
  const same = present.find((one) => isSame(one, wanted));
  if (same !== undefined) return same;
  const revoked = { ...wanted, revoked: now.toISOString() };
  prepareFolder(places);
  // Those whose time is up need no list any more.
  const kept = present.filter(({ expires }) => expires === null || Date.parse(expires) > now.getTime() - dayMs);
  writeRevoked(folder, [...kept, revoked]);
  return revoked;
}

type Wanted = Omit<RevokedCertificate, "revoked">;

function certificateOf(places: ReturnType<typeof tlsPlaces>, which: string): Wanted {
  const clients = documentsOf(places).certificates.filter(({ kind }) => kind === "client");
  const named = clients.find(({ name }) => name === which);
  const given = named === undefined ? identityOf(which) : named;
  if (given === undefined) {
    throw new SoloError("not_found", `there is no client certificate ${JSON.stringify(which)}`, {
      hint: "`solo tls show` lists them; a serial number or a SHA-256 stands for one whose file is elsewhere",
    });
  }
  const found = named ?? clients.find((client) => isRevokedBy(given, client));
  if (found === undefined) return { name: null, tenant: null, ...given, expires: null };
  const { name, tenant, serial, sha256, expires } = found;
  return { name, tenant, serial, sha256, expires };
}

function identityOf(which: string): Pick<RevokedCertificate, "serial" | "sha256"> | undefined {
  const id = /^certificate-([0-9a-f]{16})$/.exec(which)?.[1];
  if (id !== undefined) return { serial: null, sha256: id };
  if (!/^[0-9a-f:]{8,95}$/i.test(which)) return undefined;
  const digits = normalSerial(which);
  const all = which.replaceAll(":", "").toLowerCase();
  if (all.length === sha256Digits) return { serial: null, sha256: all };
  return digits.length >= leastDigits && digits.length <= serialDigits ? { serial: digits, sha256: null } : undefined;
}

function isSame(one: RevokedCertificate, { serial, sha256 }: Wanted): boolean {
  return (sha256 !== null && one.sha256 === sha256) || (sha256 === null && serial !== null && one.serial === serial);
}

const sha256Digits = 64;
/** RFC 5280: up to 20 bytes; a number with fewer digits than these is mistyped. */
const serialDigits = 40;
const leastDigits = 8;
const dayMs = 86_400_000;
