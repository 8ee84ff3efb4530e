import { SoloError } from "../../api/index.ts";

/**
 * Where a request goes.
 * @throws SoloError `invalid_request` when it names no host, or one that can't be
 */
export function urlOf(request: Request): URL {
  const url = URL.parse(request.url);
  if (url !== null) return url;
  throw new SoloError("invalid_request", "the header Host names no host");
}
