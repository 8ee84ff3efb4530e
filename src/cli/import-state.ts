import { SoloError, type StateImported } from "../api/index.ts";
import type { SoloClient } from "../client/index.ts";
import { readStateLines } from "./state-file.ts";

export interface StateImport {
  readonly tenant: string;
  readonly name: string;
  readonly file: string;
  readonly dryRun: boolean;
}

/**
 * Writes an export into a state: first all of it is checked, also against the quota, then it is written batch by batch.
 * @throws SoloError what the file or the kernel refuses; `applied` and `details` say what was written before
 */
export async function importState(
  kernel: Pick<SoloClient, "stateImport">,
  { tenant, name, file, dryRun }: StateImport,
): Promise<StateImported> {
  const target = { tenant, name };
  let checked: StateImported = { service: name, tenant, entries: 0, position: 0, added: { keys: 0, bytes: 0 } };
  for await (const entries of readStateLines(file)) {
    checked = sum(checked, await kernel.stateImport({ ...target, entries, dry_run: true, beside: checked.added }));
  }
  if (dryRun) return checked;
  let written: StateImported = { ...checked, entries: 0, added: { keys: 0, bytes: 0 } };
  try {
    for await (const entries of readStateLines(file)) {
      written = sum(written, await kernel.stateImport({ ...target, entries }));
    }
  } catch (error) {
    throw cutShort(SoloError.from(error), written, file);
  }
  return written;
}

function sum(before: StateImported, { entries, position, added, ...place }: StateImported): StateImported {
  return {
    ...place,
    entries: before.entries + entries,
    position,
    added: { keys: before.added.keys + added.keys, bytes: before.added.bytes + added.bytes },
  };
}

/** Something came in between: a writer that took the room, another file, the kernel's end. */
function cutShort(error: SoloError, { entries, position }: StateImported, file: string): SoloError {
  if (entries === 0) return error;
  const { code, message, hint, details } = error;
  const told = `the first ${entries} entries of ${file} are written, up to position ${position}; then: ${message}`;
  return new SoloError(code, told, {
    // The next batch may be in as well when nobody knows.
    applied: error.applied === "unknown" ? "unknown" : "yes",
    details: { ...details, entries, position },
    cause: error,
    ...(hint !== null && { hint }),
  });
}
