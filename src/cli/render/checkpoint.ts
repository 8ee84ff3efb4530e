import {
  type CheckpointDeletion,
  type CheckpointDetail,
  type CheckpointDocument,
  type CheckpointExport,
  type CheckpointFork,
  type CheckpointList,
  type CheckpointRestore,
  type CheckpointVerification,
  formatDuration,
  formatSize,
} from "../../api/index.ts";
import type { View } from "../view.ts";
import { renderFacts } from "./facts.ts";
import { renderTable } from "./table.ts";

export function renderCheckpoint(
  { id, service, position, bytes, stored_bytes }: CheckpointDocument,
  { style }: View,
): string {
  return `${style.bold(id)} keeps ${service} at position ${position}: ${formatSize(bytes)}, ${formatSize(stored_bytes)} stored`;
}

export function renderCheckpointList({ checkpoints, damaged }: CheckpointList, view: View): string {
  const { style } = view;
  const broken = damaged.map(({ id, kind, problem }) => `${style.red("damaged")} ${id}, ${kind} copy: ${problem}`);
  if (checkpoints.length === 0 && broken.length === 0) return style.dim("no checkpoints yet");
  const table = renderTable(
    checkpoints.toReversed(),
    [
      { title: "ID", value: ({ id }) => id, paint: (text) => style.bold(text) },
      {
        title: "AGE",
        value: ({ created }) => formatDuration(Math.max(0, view.now - Date.parse(created))),
        align: "right",
      },
      { title: "POSITION", value: ({ position }) => String(position), align: "right" },
      { title: "SIZE", value: ({ bytes }) => formatSize(bytes), align: "right" },
      { title: "STORED", value: ({ stored_bytes }) => formatSize(stored_bytes), align: "right", leaves: 2 },
      { title: "REASON", value: ({ reason }) => reason },
      { title: "OF", value: ({ origin }) => origin ?? "", optional: true, leaves: 1 },
    ],
    view,
  );
  return [...(checkpoints.length > 0 ? [table] : []), ...broken].join("\n");
}

export function renderCheckpointDetail(detail: CheckpointDetail, view: View): string {
  const { origin, parent, revision } = detail;
  return renderFacts(
    [
      ["id", detail.id],
      ["service", `${detail.tenant}/${detail.service}`],
      ["created", `${detail.created}, ${detail.reason}`],
      ["position", origin === null ? `${detail.position}` : `${detail.position} of ${origin}`],
      ["last entry", detail.position === 0 ? "-" : detail.time],
      ["entries", `${detail.entries}${detail.files > 0 ? `, ${detail.files} files` : ""}`],
      ["size", `${formatSize(detail.bytes)}, ${formatSize(detail.stored_bytes)} stored`],
      ["revision", revision ?? "-"],
      ["parent", parent ?? "-"],
      ["sha256", detail.sha256],
      ...renderCopies(detail.copies, view),
    ],
    view,
  );
}

export function renderCheckpointVerification({ id, state, copies }: CheckpointVerification, view: View): string {
  const { style } = view;
  const paint = { sound: style.green, impaired: style.yellow, damaged: style.red }[state];
  return [`${style.bold(id)} is ${paint(state)}`, renderFacts(renderCopies(copies, view), view)].join("\n");
}

export function renderCheckpointRestore(restored: CheckpointRestore, view: View): string {
  const { service, position, before, state, took_ms } = restored;
  const { style } = view;
  if (position === null) return `would set ${service} to ${point(restored)}`;
  const kept = before === null ? "" : `; the state before is ${style.bold(before)}`;
  return `${style.bold(service)} is at ${point(restored)} again and ${state}, in ${formatDuration(took_ms)}${kept}`;
}

export function renderCheckpointFork(forked: CheckpointFork, { style }: View): string {
  const { service, origin, position, state, url, took_ms } = forked;
  if (position === null) return `would start ${service} from ${point(forked)} of ${origin}`;
  const address = url === null ? "" : ` at ${style.cyan(url)}`;
  return `${style.bold(service)} is ${state}${address}, from ${point(forked)} of ${origin}, in ${formatDuration(took_ms)}`;
}

export function renderCheckpointDeletion(isDryRun: boolean): (deletion: CheckpointDeletion) => string {
  return ({ deleted, kept, freed_bytes }) => {
    if (deleted.length === 0) return `nothing to delete; ${kept} checkpoints stay`;
    const [remove, free] = isDryRun ? ["would delete", "free"] : ["deleted", "freed"];
    return [`${remove} ${deleted.length} and ${free} ${formatSize(freed_bytes)}; ${kept} stay`, ...deleted].join(
      "\n  ",
    );
  };
}

export function renderCheckpointExport({ id, file, stored_bytes }: CheckpointExport, { style }: View): string {
  return `${style.bold(id)} is in ${file}, ${formatSize(stored_bytes)}`;
}

export function renderCheckpointImport(isDryRun: boolean): (document: CheckpointDocument, view: View) => string {
  return ({ id, service, bytes, origin }, { style }) =>
    isDryRun
      ? `${style.bold(id)} is sound and could be imported: ${formatSize(bytes)}`
      : `${style.bold(id)} of ${origin ?? service} is a checkpoint of ${service} now; \`solo checkpoint restore ${service} ${id}\` goes there`;
}

function renderCopies(copies: CheckpointDetail["copies"], { style }: View): [label: string, value: string][] {
  return copies.map(({ kind, path, problem }) => [
    `${kind} copy`,
    problem === null ? path : `${path} ${style.red(problem)}`,
  ]);
}

function point({ restored_position, restored_time, checkpoint, replayed }: CheckpointRestore | CheckpointFork): string {
  const way =
    checkpoint === null
      ? "from the log"
      : `from ${checkpoint}${replayed > 0 ? ` and ${replayed} log ${replayed === 1 ? "entry" : "entries"}` : ""}`;
  return `position ${restored_position} (${restored_time}, ${way})`;
}
