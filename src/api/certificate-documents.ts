import type { RevokedCertificate } from "./revoked-certificates.ts";
import type { Role } from "./role-names.ts";

/** What `solo tls` asks for, and answers. */

export interface ServerCertificateRequest {
  /** Beside this machine's own name, `localhost` and the loopback addresses. */
  readonly hosts: readonly string[];
  readonly days: number;
}

export interface ClientCertificateRequest {
  readonly name: string;
  /** `*`: all. */
  readonly tenant: string;
  /** What it allows without a token; null: nothing. */
  readonly role: Role | null;
  readonly days: number;
}

/** A certificate as people and programs are told of it. */
export interface CertificateDocument {
  readonly kind: "authority" | "server" | "client";
  /** Of a client: its name here. */
  readonly name: string | null;
  readonly certificate: string;
  /** Null when the key has been taken elsewhere. */
  readonly key: string | null;
  /** Of a client: `*` for all. */
  readonly tenant: string | null;
  /** Of a client: what it allows without a token; null: nothing. */
  readonly role: Role | null;
  /** Of a server: the names and addresses it goes by. */
  readonly hosts: readonly string[];
  /** RFC 3339. */
  readonly expires: string;
  /** Hexadecimal digits. */
  readonly serial: string;
  readonly sha256: string;
  /** Of a client: since when it counts no more, RFC 3339; null: it counts. */
  readonly revoked: string | null;
}

export interface TlsDocument {
  readonly folder: string;
  readonly certificates: readonly CertificateDocument[];
  /** Also those whose files are elsewhere; oldest first. */
  readonly revoked: readonly RevokedCertificate[];
}
