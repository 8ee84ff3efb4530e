import type { ErrorDocument } from "../../api/index.ts";

/** The cursor of the last JSON line that this process has printed of a stream; undefined before the first line. */
let latest: string | null | undefined;

/** To be called with every element of a stream that was printed as JSON. */
export function noteElement(element: object): void {
  latest = "cursor" in element && typeof element.cursor === "string" ? element.cursor : null;
}

/**
 * How a failure is printed under `--json`: as the command's one document, or as the last line of a stream that has begun,
 * which has `type`, `time` and `cursor` as all its lines do. The cursor is that of the last element, to resume from.
 */
export function failureDocument(document: ErrorDocument): object {
  if (latest === undefined) return document;
  return { type: "error", time: new Date().toISOString(), cursor: latest, ...document };
}
