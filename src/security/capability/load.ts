import { LiveCapability } from "./live.ts";
import { LiveIndex } from "./live-index.ts";
import type { CapabilityRecord, CapabilityTable } from "./record.ts";

/** Puts what is kept into memory: parents before what came from them. One whose parent is gone is gone too. */
export function loadLive(table: CapabilityTable): LiveIndex {
  const index = new LiveIndex();
  const records = table.all();
  const waiting = new Map<string, CapabilityRecord[]>();
  for (const record of records) {
    if (record.parent === null) continue;
    const siblings = waiting.get(record.parent);
    if (siblings === undefined) waiting.set(record.parent, [record]);
    else siblings.push(record);
  }
  const due: { record: CapabilityRecord; parent: LiveCapability | undefined }[] = [];
  for (const record of records) if (record.parent === null) due.push({ record, parent: undefined });
  for (let next = due.pop(); next !== undefined; next = due.pop()) {
    const live = new LiveCapability(next.record, next.parent);
    index.add(live);
    for (const record of waiting.get(live.id) ?? []) due.push({ record, parent: live });
    waiting.delete(live.id);
  }
  const orphans = [...waiting.values()].flat();
  if (orphans.length > 0) table.remove(orphans.map(({ id }) => id));
  return index;
}
