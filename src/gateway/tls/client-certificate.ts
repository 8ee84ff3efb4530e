import {
  type Caller,
  type CapabilityFacts,
  type CertificateFacts,
  certificateFacts,
  certificateId,
  everyTenant,
  roles,
  SoloError,
} from "../../api/index.ts";

/** The peer of a connection as Node's TLS tells of it (`getPeerCertificate`). */
interface PeerCertificate {
  readonly subject?: { readonly CN?: unknown; readonly OU?: unknown };
  readonly fingerprint256?: string;
}

/**
 * What a peer's certificate, which its authority was checked to have signed, says of the peer.
 * @returns `undefined` without one
 * @throws SoloError `unauthenticated` for one that names no tenant
 */
export function clientCertificate({ subject, fingerprint256 }: PeerCertificate): CertificateFacts | undefined {
  if (subject === undefined || fingerprint256 === undefined) return undefined;
  const fingerprint = fingerprint256.replaceAll(":", "").toLowerCase();
  const facts = certificateFacts({ commonName: subject.CN, unit: subject.OU, fingerprint });
  if (facts !== undefined) return facts;
  throw new SoloError("unauthenticated", "the client certificate's common name is no tenant", {
    hint: "`solo tls client NAME --tenant TENANT` makes one",
  });
}

/** Who shows a certificate and no token: has its role in its tenant; nobody, when it has none. */
export function callerByCertificate(certificate: CertificateFacts, requestId: string): Caller {
  const { tenant, role } = certificate;
  if (role === null) return { kind: "anonymous", request_id: requestId };
  const reach = tenant === everyTenant ? { tenant: "default", resource: "*" } : { tenant, resource: "tenant" };
  const id = certificateId(certificate);
  const capability = { id, ...reach, permissions: roles[role], holder: null, expires_ms: null, rates: [] };
  return { kind: "capability", request_id: requestId, capability };
}

/**
 * Who shows a token on a connection with a certificate: what the token allows, within the certificate's tenant.
 * @throws SoloError `forbidden` for a token of another tenant
 */
export function withinCertificate(caller: Caller, certificate: CertificateFacts | undefined): Caller {
  if (certificate === undefined || certificate.tenant === everyTenant) return caller;
  if (caller.kind === "owner" || caller.kind === "anonymous") return caller;
  const { capability } = caller;
  if (capability.resource === "*" && caller.kind === "capability") {
    return { ...caller, capability: narrowed(capability, certificate.tenant) };
  }
  if (capability.tenant === certificate.tenant) return caller;
  throw new SoloError(
    "forbidden",
    `the token is not one of tenant ${certificate.tenant}, which the client certificate is for`,
    {
      hint: "show the token with a certificate of its own tenant",
    },
  );
}

function narrowed(capability: CapabilityFacts, tenant: string): CapabilityFacts {
  return { ...capability, tenant, resource: "tenant" };
}
