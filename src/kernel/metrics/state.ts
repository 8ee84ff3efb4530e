import type { Snapshot } from "../../observe/metrics/index.ts";
import type { StateStats } from "../../state/index.ts";
import type { Kernel } from "../kernel.ts";

/** The states that are open now: one that nobody uses is not opened for a look. */
export function collectStates({ parts: { states } }: Kernel, into: Snapshot): void {
  for (const { ref, state } of states.openNow()) {
    const labels = { tenant: ref.tenant, service: ref.name };
    const { keys, bytes, wal_bytes, wal_entries, position, flushed_position, last_flush, log, table } = state.stats();
    into.add("solo_state_keys", labels, keys);
    into.add("solo_state_bytes", labels, bytes);
    into.add("solo_state_wal_bytes", labels, wal_bytes);
    into.add("solo_state_wal_entries", labels, wal_entries);
    into.add("solo_state_position", labels, position);
    into.add("solo_state_unflushed_entries", labels, Math.max(0, position - flushed_position));
    collectEngines(log, table, labels, into);
    if (last_flush !== null) into.add("solo_state_last_flush_timestamp_seconds", labels, last_flush / 1_000);
  }
}

function collectEngines(
  log: StateStats["log"],
  table: StateStats["table"],
  labels: { readonly tenant: string; readonly service: string },
  into: Snapshot,
): void {
  into.add("solo_store_log_begin_address", labels, log.begin);
  into.add("solo_store_log_committed_address", labels, log.committed);
  into.add("solo_store_log_tail_address", labels, log.tail);
  into.add("solo_store_log_commits_total", labels, log.commits);
  into.add("solo_store_log_buffered_bytes", labels, log.bufferedBytes);
  if (table === undefined) return;
  into.add("solo_store_index_entries", labels, table.indexEntries);
  into.add("solo_store_memory_in_use_bytes", labels, table.memoryBytes);
  into.add("solo_store_disk_bytes", labels, table.diskBytes);
  into.add("solo_store_hlog_tail_address", labels, table.tail);
  into.add("solo_store_read_hits_total", labels, table.cacheHits);
  into.add("solo_store_read_misses_total", labels, table.coldReads);
  into.add("solo_store_auto_flush_runs_total", labels, table.autoFlush.runs);
}
