import type { Table } from "./table.ts";
import type { View } from "./types.ts";

/** A table as a commit's `decide` sees it. */
export function viewOf(table: Table, place: Pick<View, "position" | "next" | "time">): View {
  return {
    ...place,
    get: (space, key) => table.get(space, key),
    entries: (space, range) => table.entries(space, range),
  };
}
