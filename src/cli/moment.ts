import { parseDuration, SoloError } from "../api/index.ts";

/** A point in time as people give it: how long ago (`10m`), or an RFC 3339 time or date. Returned in RFC 3339, UTC. */
export function parseMoment(text: string, flag: string, now = Date.now()): string {
  const ago = parseDuration(text);
  const ms = ago === undefined && /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : now - (ago ?? Number.NaN);
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw new SoloError("usage", `${flag} expects a time, got ${JSON.stringify(text)}`, {
    hint: "write how long ago (10m, 2h) or a time such as 2026-01-31T12:00:00Z",
  });
}
