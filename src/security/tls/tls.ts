import { existsSync, rmSync } from "node:fs";
import { isIP } from "node:net";
import { hostname } from "node:os";
import {
  type CertificateDocument,
  type ClientCertificateRequest,
  everyTenant,
  nameForm,
  namePattern,
  type ServerCertificateRequest,
  SoloError,
  type TlsDocument,
  unitOf,
} from "../../api/index.ts";
import { createAuthority, issue } from "./certificate.ts";
import { documentOf, documentsOf } from "./documents.ts";
import { clientPlace, noAuthority, prepareFolder, readPair, tlsPlaces, writePair } from "./files.ts";
import { readRevoked } from "./revoked.ts";

/**
 * An authority, a certificate of the server and one of a first client.
 * @throws SoloError `conflict` when there is an authority and `force` is not given
 */
export function initTls(
  folder: string,
  request: ServerCertificateRequest & { readonly client: ClientCertificateRequest; readonly force: boolean },
  now = new Date(),
): TlsDocument {
  const places = tlsPlaces(folder);
  if (existsSync(places.authority.certificate) && !request.force) {
    throw new SoloError("conflict", `${places.authority.certificate} exists already`, {
      hint: "--force makes all certificates anew, and those of before count no more; `solo tls renew` keeps them",
    });
  }
  checkHosts(request.hosts);
  checkClient(request.client);
  rmSync(places.clients, { recursive: true, force: true });
  prepareFolder(places);
  writePair(
    places.authority,
    createAuthority(`Solo CA of ${hostname()}`.slice(0, maxNameLength), { days: authorityDays, now }),
  );
  renewServer(folder, request, now);
  issueClient(folder, { ...request.client, force: true }, now);
  return showTls(folder);
}

/** A new certificate for the server, by the authority that there is. A kernel that runs takes it up by itself. */
export function renewServer(folder: string, { hosts, days }: ServerCertificateRequest, now = new Date()): TlsDocument {
  checkHosts(hosts);
  const places = tlsPlaces(folder);
  const authority = readPair(places.authority);
  const all = [...new Set(["localhost", hostname().toLowerCase(), "127.0.0.1", "::1", ...hosts])];
  const subject = { commonName: "Solo kernel" };
  writePair(places.server, issue(authority, { subject, usage: "server", hosts: all, days, now }));
  return showTls(folder);
}

/** @throws SoloError `conflict` when there is one of that name and `force` is not given */
export function issueClient(
  folder: string,
  request: ClientCertificateRequest & { readonly force: boolean },
  now = new Date(),
): CertificateDocument {
  checkClient(request);
  const { name, tenant, role, days, force } = request;
  const places = tlsPlaces(folder);
  const authority = readPair(places.authority);
  const place = clientPlace(places, name);
  if (existsSync(place.certificate) && !force) {
    throw new SoloError("conflict", `${place.certificate} exists already`, { hint: "--force replaces it" });
  }
  const subject = { commonName: tenant, ...(role !== null && { unit: unitOf(role) }) };
  prepareFolder(places);
  writePair(place, issue(authority, { subject, usage: "client", days, now }));
  return documentOf("client", place, { name, revoked: readRevoked(folder) });
}

/** @throws SoloError `not_found` when there are none */
export function showTls(folder: string): TlsDocument {
  const places = tlsPlaces(folder);
  if (!existsSync(places.authority.certificate)) throw noAuthority(places.authority.certificate);
  return { folder, ...documentsOf(places) };
}

function checkHosts(hosts: readonly string[]): void {
  const wrong = hosts.find(
    (host) => (isIP(host) === 0 || host.includes("%")) && !/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(host),
  );
  if (wrong === undefined) return;
  throw new SoloError("usage", `${JSON.stringify(wrong)} is no host name or address`, {
    hint: "such as --host solo.example.com, or --host 10.0.0.5",
  });
}

function checkClient({ name, tenant }: Pick<ClientCertificateRequest, "name" | "tenant">): void {
  if (!namePattern.test(name))
    throw new SoloError("invalid_name", `invalid name ${JSON.stringify(name)}: use ${nameForm}`);
  if (tenant === everyTenant || namePattern.test(tenant)) return;
  throw new SoloError("invalid_name", `invalid tenant ${JSON.stringify(tenant)}: use ${nameForm}, or "*" for all`);
}

/** Ten years: what it signed is renewed, it is not. */
const authorityDays = 3_650;
/** RFC 5280 has 64 characters for a common name. */
const maxNameLength = 64;
