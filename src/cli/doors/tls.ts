import type {
  CertificateDocument,
  ClientCertificateRequest,
  RevokedCertificate,
  ServerCertificateRequest,
  TlsDocument,
} from "../../api/index.ts";

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
  /** Ends a client's certificate: by its name here, its serial number or its SHA-256. */
  revoke(folder: string, which: string): RevokedCertificate;
  show(folder: string): TlsDocument;
}
