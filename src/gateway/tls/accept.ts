import type { TLSSocket, TlsOptions } from "node:tls";
import type { CertificateFacts } from "../../api/index.ts";
import { clientCertificate } from "./client-certificate.ts";
import type { TlsContext, TlsCredentials } from "./credentials.ts";

/** What a TLS server that speaks one protocol of HTTP (as ALPN calls it) is made with, and given when certificates change. */
export function contextOf({ cert, key, ca }: TlsContext, protocol: "http/1.1" | "h2") {
  return { cert, key, ...(ca !== undefined && { ca }), minVersion: "TLSv1.2" as const, ALPNProtocols: [protocol] };
}

/** With an authority a certificate is asked for; whoever shows one that it has not signed is refused in any case. */
export function demandOf(credentials: TlsCredentials): TlsOptions {
  const requestCert = credentials.current().ca !== undefined;
  return { requestCert, rejectUnauthorized: credentials.requireClient, handshakeTimeout: handshakeMs };
}

/**
 * The certificate that the peer of a connection showed; undefined for none where none is required. One that is revoked later
 * ends the connection.
 */
export function peerOf(
  socket: TLSSocket,
  { requireClient, revocations }: Pick<TlsCredentials, "requireClient" | "revocations">,
): CertificateFacts | undefined | "refused" {
  const peer = socket.getPeerCertificate();
  const hasShown = Object.keys(peer ?? {}).length > 0;
  if (!hasShown) return requireClient ? "refused" : undefined;
  if (!socket.authorized) return "refused";
  try {
    const facts = clientCertificate(peer);
    if (facts === undefined) return "refused";
    const identity = { serial: peer.serialNumber, sha256: facts.fingerprint };
    if (revocations.has(identity)) return "refused";
    const leave = revocations.onChange(() => {
      if (revocations.has(identity)) socket.destroy();
    });
    socket.on("close", leave);
    return facts;
  } catch {
    return "refused";
  }
}

export const handshakeMs = 10_000;
