import { idempotencyKeyFrom } from "../shared/index.ts";

/**
 * The key under which a request is to be done once (the header `Idempotency-Key` of the IETF's draft of that name). Undefined
 * for a request without, and for methods that are done once by their nature.
 * @throws SoloError `invalid_request`
 */
export function idempotencyKeyOf({ headers, method }: Request): string | undefined {
  const given = headers.get("idempotency-key");
  return given === null || method !== "POST" ? undefined : idempotencyKeyFrom(given);
}
