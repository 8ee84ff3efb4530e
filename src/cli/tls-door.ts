import type { Role } from "../api/role-names.ts";

/**
 * What the command line needs to make certificates. `src/main.ts` hands it over, so that nothing under `cli` imports what
 * makes them. `folder` is the data directory's own for them. What it throws is a `SoloError`.
 */
export interface TlsDoor {
  /** An authority, the server's certificate, and one of a first client. */
  init(
    folder: string,
    request: ServerCertificateRequest & { readonly client: ClientCertificateRequest; readonly force: boolean },
  ): TlsDocument;
  /** A new certificate of the server, by the same authority. */
  renew(folder: string, request: ServerCertificateRequest): TlsDocument;
  issueClient(folder: string, request: ClientCertificateRequest & { readonly force: boolean }): CertificateDocument;
  show(folder: string): TlsDocument;
}

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
  readonly sha256: string;
}

export interface TlsDocument {
  readonly folder: string;
  readonly certificates: readonly CertificateDocument[];
}
