import type { EventDocument } from "../../api/index.ts";
import type { View } from "../view.ts";

/** One event on a line: when, what it happened to, what happened, and its data. */
export function renderEvent({ time, subject, event, data }: EventDocument, { style }: View): string {
  const facts = Object.entries(data)
    .filter(([, value]) => value !== null)
    .map(
      ([key, value]) =>
        `${key}=${typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`,
    );
  return [style.dim(time), style.cyan(subject), style.bold(event), ...facts].join(" ");
}
