import { type ApiAccess, type Caller, type CertificateFacts, SoloError } from "../../api/index.ts";
import { callerByCertificate, withinCertificate } from "../tls/index.ts";
import { hasOwnerKey } from "./owner-key.ts";
import type { RequestId } from "./request-id.ts";

export interface Credentials {
  readonly access: ApiAccess;
  /** The key that makes whoever sends it the owner; undefined where nobody is, as behind a TCP port. */
  readonly ownerKey?: string | undefined;
  /** What the peer of the connection showed. */
  readonly certificate?: CertificateFacts | undefined;
}

/**
 * Who asks, by what the request carries. A token counts before the owner's key, and before the role of a client certificate:
 * who sends one wants its rights and no more. The certificate bounds it to its tenant.
 * @throws SoloError `unauthenticated` for a token that is not valid, or credentials of another kind
 */
export function callerOf(request: Request, requestId: RequestId, credentials: Credentials): Caller {
  const { access, ownerKey, certificate } = credentials;
  const authorization = request.headers.get("authorization");
  if (authorization !== null) {
    return withinCertificate(access.callerOf(bearerToken(authorization), requestId), certificate);
  }
  if (certificate !== undefined) return callerByCertificate(certificate, requestId);
  const isOwner = ownerKey !== undefined && hasOwnerKey(request, ownerKey);
  return { kind: isOwner ? "owner" : "anonymous", request_id: requestId };
}

/** RFC 6750: the scheme's name in any case, one space or more, the token. */
function bearerToken(authorization: string): string {
  const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (token !== undefined) return token;
  throw new SoloError("unauthenticated", "the header Authorization holds no bearer token", {
    hint: "send `Authorization: Bearer TOKEN`",
  });
}
