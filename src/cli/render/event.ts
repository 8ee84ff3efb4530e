import type { EventDocument } from "../../api/index.ts";
import type { View } from "../view.ts";
import { relativeTime } from "./relative-time.ts";
import { cut } from "./table.ts";

/** One event on a line: when, what it happened to, what happened, and its data. */
export function renderEvent({ time, subject, event, data }: EventDocument, { style }: View): string {
  return [style.dim(time), style.cyan(subject), style.bold(event), ...factsOf(data)].join(" ");
}

/** Events of one service, whose name need not be said again: how long ago, what, and of which instance. */
export function renderRecentEvents(events: readonly EventDocument[], { style, width, now }: View): string[] {
  const times = events.map(({ time }) => relativeTime(time, now));
  const timeWidth = Math.max(0, ...times.map((time) => time.length));
  const eventWidth = Math.max(0, ...events.map(({ event }) => event.length));
  return events.map(({ subject, event, data }, index) => {
    const facts = [...subject.split("/").slice(2), ...factsOf(data)].join(" ");
    const left = width - timeWidth - eventWidth - margins;
    const line = [(times[index] ?? "").padStart(timeWidth), event.padEnd(eventWidth), cut(facts, Math.max(left, 1))];
    return `  ${style.dim(line[0] ?? "")}  ${line[1]}  ${line[2]}`.trimEnd();
  });
}

function factsOf(data: EventDocument["data"]): string[] {
  return Object.entries(data)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${typeof value === "string" && isPlain(value) ? value : JSON.stringify(value)}`);
}

function isPlain(text: string): boolean {
  return /^[^\s"=]+$/.test(text);
}

/** Before the time, and between the columns. */
const margins = 6;
