import type { StoreInspection } from "./inspect-store.ts";

/** Enough for compactions and scans; taken only as it is needed. */
const usualBytes = 2 ** 28;

/** Memory with which a store can be opened by whoever doesn't know with how much its owner does: its snapshots must fit. */
export function memoryFor({ checkpoints, pageBytes }: StoreInspection): number {
  const copies = checkpoints.map(({ checkpoint }) => (checkpoint.final - checkpoint.flushed) * 8 + 2 * pageBytes);
  return 2 ** Math.ceil(Math.log2(Math.max(usualBytes, 4 * pageBytes, ...copies)));
}
