import { formatDuration } from "../../api/index.ts";

/** `3m 5s ago`, or `now` within the last second. */
export function relativeTime(time: string, now: number): string {
  const ms = now - Date.parse(time);
  return ms < 1_000 ? "now" : `${formatDuration(ms)} ago`;
}
