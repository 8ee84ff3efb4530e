import { SoloError } from "../../api/index.ts";

/**
 * The key under which a request is to be done once, as it was sent: a string of the client's choice, with quotation marks
 * around it or without.
 * @throws SoloError `invalid_request`
 */
export function idempotencyKeyFrom(given: string): string {
  const key = /^"?([\x21\x23-\x7e]{1,255})"?$/.exec(given)?.[1];
  if (key !== undefined) return key;
  throw new SoloError("invalid_request", "Idempotency-Key: expects 1 to 255 printable characters without spaces", {
    hint: "a new UUID for every request is a good one",
  });
}
