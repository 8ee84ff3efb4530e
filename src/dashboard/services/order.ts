import type { ServiceRow } from "../../api/documents.ts";

/** The columns by which services can be put in order. */
export const columns = [
  { key: "service", title: "Service" },
  { key: "state", title: "State" },
  { key: "ready", title: "Ready" },
  { key: "restarts", title: "Restarts" },
  { key: "rss_bytes", title: "Memory" },
  { key: "cpu_percent", title: "CPU" },
  { key: "uptime_ms", title: "Uptime" },
] as const;
export type Column = (typeof columns)[number]["key"];

export interface Order {
  readonly by: Column;
  readonly descending: boolean;
}

/** Services that fit a search, in order; equal ones by their names. */
export function arranged(rows: readonly ServiceRow[], search: string, { by, descending }: Order): ServiceRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ service, state, kind, revision }: ServiceRow) => {
    const text = `${service} ${state.replaceAll("_", " ")} ${kind} ${revision}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const sign = descending ? -1 : 1;
  return rows
    .filter(fits)
    .toSorted((one, other) => sign * compare(one[by], other[by]) || compare(one.service, other.service));
}

function compare(one: string | number, other: string | number): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return collator.compare(String(one), String(other));
}

/** web-2 stands before web-10. */
const collator = new Intl.Collator("en", { numeric: true });
