import type { Snapshot } from "../../observe/metrics/index.ts";
import type { Kernel } from "../kernel.ts";

/** The states that are open now: one that nobody uses is not opened for a look. */
export function collectStates({ parts: { states } }: Kernel, into: Snapshot): void {
  for (const { ref, state } of states.openNow()) {
    const labels = { tenant: ref.tenant, service: ref.name };
    const { keys, bytes, wal_bytes, wal_entries, position, flushed_position, last_flush } = state.stats();
    into.add("solo_state_keys", labels, keys);
    into.add("solo_state_bytes", labels, bytes);
    into.add("solo_state_wal_bytes", labels, wal_bytes);
    into.add("solo_state_wal_entries", labels, wal_entries);
    into.add("solo_state_position", labels, position);
    into.add("solo_state_unflushed_entries", labels, Math.max(0, position - flushed_position));
    if (last_flush !== null) into.add("solo_state_last_flush_timestamp_seconds", labels, last_flush / 1_000);
  }
}
