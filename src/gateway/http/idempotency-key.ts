import { SoloError } from "../../api/index.ts";

/**
 * The key under which a request is to be done once (the header `Idempotency-Key` of the IETF's draft of that name): a string of
 * the client's choice, with quotation marks around it or without. Undefined for a request without.
 * @throws SoloError `invalid_request`
 */
export function idempotencyKeyOf({ headers, method }: Request): string | undefined {
  const given = headers.get("idempotency-key");
  if (given === null || method !== "POST") return undefined;
  const key = /^"?([\x21\x23-\x7e]{1,255})"?$/.exec(given)?.[1];
  if (key !== undefined) return key;
  throw new SoloError("invalid_request", "Idempotency-Key: expects 1 to 255 printable characters without spaces", {
    hint: "a new UUID for every request is a good one",
  });
}
