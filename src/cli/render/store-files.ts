import { formatSize } from "../../api/units.ts";
import type {
  KeyValueCompactDocument,
  KeyValueDocument,
  KeyValueRepairDocument,
  KeyValueStatsDocument,
} from "../doors/store.ts";
import type { View } from "../view.ts";
import { renderFacts } from "./facts.ts";
import { renderTable } from "./table.ts";

/** A key-value store's log, sessions and checkpoints. */
export function renderKeyValue(store: KeyValueDocument, view: View): string {
  const facts = renderFacts(
    [
      ["path", store.path],
      ["state", `${renderState(store, view)}${store.live ? ", open in another process" : ""}`],
      ["begin", `${store.begin}`],
      ["end", `${store.end}${store.end > store.committed ? `, committed up to ${store.committed}` : ""}`],
      ["generation", `${store.generation}`],
      ["on disk", `${formatSize(store.bytes)} in ${store.segments.length} segments`],
      ["page", `${formatSize(store.page_bytes)}, segment ${formatSize(store.segment_bytes)}`],
      ["format", `${store.format}`],
    ],
    view,
  );
  const sessions = renderTable(
    store.sessions,
    [
      { title: "SESSION", value: ({ name }) => name },
      { title: "SERIAL", value: ({ serial }) => `${serial}`, align: "right" },
    ],
    view,
  );
  const parts = [facts];
  if (store.sessions.length > 0) parts.push(sessions);
  if (store.checkpoints.length > 0) parts.push(renderCheckpoints(store, view));
  if (store.set_aside_checkpoints.length > 0) parts.push(`set aside: ${store.set_aside_checkpoints.join(", ")}`);
  if (store.damages.length > 0) parts.push(renderDamages(store, view));
  return parts.join("\n\n");
}

function renderCheckpoints({ checkpoints }: KeyValueDocument, view: View): string {
  return renderTable(
    checkpoints,
    [
      { title: "CHECKPOINT", value: ({ id }) => id },
      { title: "KIND", value: ({ kind }) => kind },
      { title: "CREATED", value: ({ created }) => created },
      { title: "END", value: ({ end }) => `${end}`, align: "right" },
      { title: "SIZE", value: ({ bytes }) => formatSize(bytes), align: "right" },
      { title: "BASE", value: ({ base }) => base ?? "", optional: true, leaves: 1 },
      {
        title: "STATE",
        value: ({ problem }) => problem ?? "whole",
        paint: (text, { whole }) => (whole ? text : view.style.red(text)),
        shrinks: true,
      },
    ],
    view,
  );
}

export function renderKeyValueCheck(store: KeyValueDocument, view: View): string {
  const whole = store.checkpoints.filter((one) => one.whole).length;
  const checked = `the log from ${store.begin} to ${store.committed}, ${whole} of ${checkpointsOf(store)} checkpoints whole`;
  const state = `${renderState(store, view)}: ${checked}`;
  if (store.state === "clean") return state;
  if (store.state === "torn")
    return `${state}; behind that lie ${formatSize(store.behind_end_bytes)}, which opening cuts off`;
  return `${state}\n\n${renderDamages(store, view)}`;
}

function checkpointsOf({ checkpoints, unreadable_checkpoints }: KeyValueDocument): number {
  return checkpoints.length + unreadable_checkpoints.length;
}

function renderDamages({ damages }: KeyValueDocument, view: View): string {
  return renderTable(
    damages,
    [
      { title: "DAMAGED FILE", value: ({ file }) => file },
      { title: "BYTE", value: ({ offset }) => `${offset}`, align: "right" },
      { title: "WHAT", value: ({ problem }) => problem, shrinks: true },
    ],
    view,
  );
}

export function renderKeyValueRepair(repair: KeyValueRepairDocument, { style }: View): string {
  if (!repair.repaired) return "nothing to repair";
  const lost = repair.lost_bytes > 0 ? [`${formatSize(repair.lost_bytes)} of the log are gone`] : [];
  const checkpoint = repair.checkpoint === null ? [] : [`it is as checkpoint ${repair.checkpoint} has it`];
  return [style.yellow(`the store ends at ${repair.end}`), ...checkpoint, ...repair.problems, ...lost].join("\n");
}

export function renderKeyValueCompaction(done: KeyValueCompactDocument): string {
  const { begin, previous_begin, moved_records, bytes_before, bytes_after, removed_checkpoints } = done;
  const removed = removed_checkpoints.length > 0 ? `, without checkpoints ${removed_checkpoints.join(", ")}` : "";
  const sizes = `${formatSize(bytes_before)} became ${formatSize(bytes_after)}`;
  return `${sizes}: ${moved_records} records moved, begins at ${begin} instead of ${previous_begin}${removed}`;
}

export function renderKeyValueStats(stats: KeyValueStatsDocument, view: View): string {
  const { smallest_value_bytes, largest_value_bytes, mean_value_bytes } = stats;
  const facts = renderFacts(
    [
      ["keys", `${stats.keys}`],
      ["key bytes", formatSize(stats.key_bytes)],
      ["value bytes", formatSize(stats.value_bytes)],
      ["value", `${smallest_value_bytes} to ${largest_value_bytes} bytes, ${mean_value_bytes} on average`],
      ["on disk", `${formatSize(stats.bytes)} in ${stats.segments} segments, and ${stats.checkpoints} checkpoints`],
      ["alive", formatSize(stats.live_bytes)],
      ["reclaimable", formatSize(stats.reclaimable_bytes)],
    ],
    view,
  );
  const sizes = renderTable(
    stats.sizes,
    [
      { title: "UP TO", value: ({ up_to_bytes }) => formatSize(up_to_bytes), align: "right" },
      { title: "KEYS", value: ({ keys }) => `${keys}`, align: "right" },
    ],
    view,
  );
  return stats.sizes.length > 0 ? `${facts}\n\n${sizes}` : facts;
}

function renderState({ state }: KeyValueDocument, { style }: View): string {
  if (state === "clean") return style.green(state);
  return state === "torn" ? style.yellow(state) : style.red(state);
}
