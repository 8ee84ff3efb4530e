import { X509Certificate } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SoloError } from "../../api/index.ts";
import { writeFileAtomic } from "../../system/index.ts";
import type { KeyPair } from "./certificate.ts";

/** Where the certificates of one kernel lie. Keys are for their owner alone. */
export interface TlsPlaces {
  readonly folder: string;
  readonly authority: PairPlace;
  readonly server: PairPlace;
  readonly clients: string;
}

export interface PairPlace {
  readonly certificate: string;
  readonly key: string;
}

export function tlsPlaces(folder: string): TlsPlaces {
  return { folder, authority: pair(folder, "ca"), server: pair(folder, "server"), clients: join(folder, "clients") };
}

export function clientPlace({ clients }: TlsPlaces, name: string): PairPlace {
  return pair(clients, name);
}

/** The names of the clients that have a certificate. */
export function clientNames({ clients }: TlsPlaces): string[] {
  const files = existsSync(clients) ? readdirSync(clients) : [];
  return files.flatMap((file) => (file.endsWith(".pem") ? [file.slice(0, -".pem".length)] : [])).sort();
}

/** @throws SoloError `not_found` when `solo tls init` has not been run, `invalid_config` for files that are no key pair */
export function readPair({ certificate, key }: PairPlace): KeyPair {
  if (!existsSync(certificate) || !existsSync(key)) throw noAuthority(certificate);
  const found = { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  parseCertificate(found.certificate, certificate);
  return found;
}

/** @throws SoloError `invalid_config` */
export function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new SoloError("invalid_config", `${path} holds no certificate (PEM)`, { cause });
  }
}

/** The key goes first: a certificate without its key would be found to be a pair. */
export function writePair(place: PairPlace, { certificate, key }: KeyPair): void {
  writeFileAtomic(place.key, key, 0o600);
  writeFileAtomic(place.certificate, certificate, 0o644);
}

export function prepareFolder({ folder, clients }: TlsPlaces): void {
  for (const path of [folder, clients]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
  }
}

export function noAuthority(path: string): SoloError {
  return new SoloError("not_found", `there is no ${path}`, { hint: "`solo tls init` makes it" });
}

function pair(folder: string, name: string): PairPlace {
  return { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
}
