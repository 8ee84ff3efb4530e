import { formatSize } from "../../api/units.ts";
import type { LogDocument, LogRepairDocument, LogStatsDocument, LogTruncateDocument } from "../doors/store.ts";
import type { View } from "../view.ts";
import { renderFacts } from "./facts.ts";
import { renderTable } from "./table.ts";

/** A durable log's addresses, segments and iterators. */
export function renderLog(log: LogDocument, view: View): string {
  const facts = renderFacts(
    [
      ["path", log.path],
      ["state", `${renderState(log, view)}${log.live ? ", open in another process" : ""}`],
      ["entries", `${log.entries}, sequences ${log.first_sequence} to ${log.next_sequence - 1}`],
      ["begin", `${log.begin}`],
      ["end", `${log.end}`],
      ["on disk", `${formatSize(log.bytes)} in ${log.segments.length} segments`],
      ["format", `${log.format}`],
    ],
    view,
  );
  const segments = renderTable(
    log.segments,
    [
      { title: "SEGMENT", value: ({ file }) => file },
      { title: "BASE", value: ({ base }) => `${base}`, align: "right" },
      { title: "SIZE", value: ({ bytes }) => formatSize(bytes), align: "right" },
      { title: "HEADER", value: ({ whole }) => (whole ? "whole" : "lost") },
    ],
    view,
  );
  const iterators = renderTable(
    log.iterators,
    [
      { title: "ITERATOR", value: ({ name }) => name },
      { title: "POSITION", value: ({ position }) => `${position}`, align: "right" },
      { title: "BEHIND BY", value: ({ lag_bytes }) => formatSize(lag_bytes), align: "right" },
    ],
    view,
  );
  return [facts, segments, ...(log.iterators.length > 0 ? [iterators] : [])].join("\n\n");
}

export function renderLogCheck(log: LogDocument, view: View): string {
  const verified = `${log.entries} entries up to address ${log.end} are whole`;
  if (log.state === "clean") return `${renderState(log, view)}: ${verified}`;
  const { bytes, entries } = log.behind_end;
  const behind = `behind that lie ${formatSize(bytes)} with ${entries} whole entries`;
  if (log.state === "torn") return `${renderState(log, view)}: ${verified}; ${behind}, which opening cuts off`;
  return `${renderState(log, view)}: ${verified}; it was durable up to ${log.durable}, and ${behind}`;
}

export function renderLogRepair(repair: LogRepairDocument, { style }: View): string {
  if (!repair.repaired) return `${repair.entries} entries, nothing to repair`;
  const lost = `${formatSize(repair.lost_bytes)} with ${repair.lost_entries} whole entries are gone`;
  return `${style.yellow("cut")} at address ${repair.end}: ${repair.entries} entries stay, ${lost}`;
}

export function renderLogTruncation(isDryRun: boolean): (truncation: LogTruncateDocument) => string {
  return ({ begin, previous_begin, removed_entries, freed_bytes }) => {
    if (begin === previous_begin) return `begins at ${begin} already`;
    const [remove, free] = isDryRun ? ["would remove", "free"] : ["removed", "freed"];
    return `${remove} ${removed_entries} entries and ${free} ${formatSize(freed_bytes)}: from ${previous_begin} to ${begin}`;
  };
}

export function renderLogStats(stats: LogStatsDocument, view: View): string {
  const facts = renderFacts(
    [
      ["entries", `${stats.entries}`],
      ["payload", formatSize(stats.payload_bytes)],
      ["overhead", formatSize(stats.overhead_bytes)],
      [
        "entry",
        `${stats.smallest_entry_bytes} to ${stats.largest_entry_bytes} bytes, ${stats.mean_entry_bytes} on average`,
      ],
      ["on disk", `${formatSize(stats.bytes)} in ${stats.segments} segments`],
      ["reclaimable", formatSize(stats.reclaimable_bytes)],
    ],
    view,
  );
  const sizes = renderTable(
    stats.sizes,
    [
      { title: "UP TO", value: ({ up_to_bytes }) => formatSize(up_to_bytes), align: "right" },
      { title: "ENTRIES", value: ({ entries }) => `${entries}`, align: "right" },
    ],
    view,
  );
  return stats.sizes.length > 0 ? `${facts}\n\n${sizes}` : facts;
}

function renderState({ state }: LogDocument, { style }: View): string {
  if (state === "clean") return style.green(state);
  return state === "torn" ? style.yellow(state) : style.red(state);
}
