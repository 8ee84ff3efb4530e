import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import {
  type CertificateDocument,
  certificateFacts,
  isRevokedBy,
  normalSerial,
  type RevokedCertificate,
  type TlsDocument,
} from "../../api/index.ts";
import { clientNames, clientPlace, type PairPlace, parseCertificate, type TlsPlaces } from "./files.ts";
import { readRevoked } from "./revoked.ts";

/** What there is in a folder of certificates. */
export function documentsOf(places: TlsPlaces): Omit<TlsDocument, "folder"> {
  const revoked = readRevoked(places.folder);
  const none = { name: null, revoked: [] };
  const certificates = [
    ...(existsSync(places.authority.certificate) ? [documentOf("authority", places.authority, none)] : []),
    ...(existsSync(places.server.certificate) ? [documentOf("server", places.server, none)] : []),
    ...clientNames(places).map((name) => documentOf("client", clientPlace(places, name), { name, revoked })),
  ];
  return { certificates, revoked };
}

export function documentOf(
  kind: CertificateDocument["kind"],
  place: PairPlace,
  { name, revoked }: { readonly name: string | null; readonly revoked: readonly RevokedCertificate[] },
): CertificateDocument {
  const found = parseCertificate(readFileSync(place.certificate, "utf8"), place.certificate);
  const { CN: commonName, OU: unit } = Object.fromEntries(found.subject.split("\n").map((line) => line.split("=")));
  const sha256 = found.fingerprint256.replaceAll(":", "").toLowerCase();
  const facts = kind === "client" ? certificateFacts({ commonName, unit, fingerprint: sha256 }) : undefined;
  const identity = { serial: normalSerial(found.serialNumber), sha256 };
  return {
    kind,
    name,
    certificate: place.certificate,
    key: existsSync(place.key) ? place.key : null,
    tenant: facts?.tenant ?? null,
    role: facts?.role ?? null,
    hosts: hostsOf(found.subjectAltName),
    expires: new Date(found.validTo).toISOString(),
    ...identity,
    revoked: revoked.find((one) => isRevokedBy(one, identity))?.revoked ?? null,
  };
}

/** `DNS:localhost, IP Address:0:0:0:0:0:0:0:1` as people write them. */
function hostsOf(alternativeNames = ""): string[] {
  const names = alternativeNames.split(", ").map((text) => text.replace(/^(DNS|IP Address):/, "").toLowerCase());
  return names.filter((name) => name !== "").map((name) => (isIP(name) === 6 ? shortAddress(name) : name));
}

function shortAddress(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
