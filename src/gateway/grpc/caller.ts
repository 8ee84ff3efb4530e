import type { Metadata } from "@grpc/grpc-js";
import { type Caller, SoloError } from "../../api/index.ts";
import { callerByCertificate, withinCertificate } from "../tls/index.ts";
import type { GrpcContext } from "./context.ts";

/**
 * Who asks, by the call's metadata and its connection's certificate. A token counts before the role of the certificate, which
 * bounds it to its tenant.
 * @throws SoloError `unauthenticated` for a token that is not valid, or credentials of another kind
 */
export function callerOf(
  metadata: Metadata,
  requestId: string,
  { access, certificate }: Pick<GrpcContext, "access" | "certificate">,
): Caller {
  const authorization = metadata.get("authorization")[0];
  if (authorization === undefined) {
    if (certificate !== undefined) return callerByCertificate(certificate, requestId);
    return { kind: "anonymous", request_id: requestId };
  }
  const token = /^bearer +(\S+) *$/i.exec(String(authorization))?.[1];
  if (token !== undefined) return withinCertificate(access.callerOf(token, requestId), certificate);
  throw new SoloError("unauthenticated", "the metadata authorization holds no bearer token", {
    hint: "send `authorization: Bearer TOKEN`",
  });
}

/** A caller may choose it, so that its own logs and the kernel's speak of the same. */
export function requestIdOf(metadata: Metadata): string {
  const given = metadata.get("x-request-id")[0];
  return typeof given === "string" && /^[\w.:-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}
