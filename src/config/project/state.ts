import { type StateSpec, stateSchema } from "../../api/spec.ts";
import type { KeyPath } from "../scan/key-map.ts";
import type { Report } from "./report.ts";
import type { ServiceFile, StateFile } from "./schema.ts";

/** `[service.NAME.state]` in its normal form. */
export function toState(file: StateFile, absolute: (folder: string) => string): StateSpec {
  const { flush, wait, checkpoint, keep, folders, ...same } = file;
  return stateSchema.parse({
    ...same,
    ...(flush !== undefined && { flush_ms: flush }),
    ...(wait !== undefined && { wait_ms: wait }),
    ...(checkpoint !== undefined && { checkpoint_ms: checkpoint }),
    ...(keep !== undefined && { keep_ms: keep }),
    ...(folders !== undefined && { folders: folders.map(absolute) }),
  });
}

/** Keys that mean nothing in a mode, or are missing in it. */
export function checkState({ state = {} }: ServiceFile, path: KeyPath, report: Report): void {
  const { mode = "hybrid", folders } = state;
  if (mode === "external" && folders === undefined) {
    report(path, "a service with files of its own has no folders", 'name them: folders = ["./data"]');
  }
  if (mode !== "external" && folders !== undefined) {
    report([...path, "folders"], `${mode} state has no folders`, 'say mode = "external", or remove folders');
  }
  if (mode === "hybrid") return;
  for (const key of ["durability", "flush", "watch", "max_bytes", "max_keys", "version"] as const) {
    if (state[key] !== undefined) report([...path, key], `${mode} state has no ${key}`, "remove it");
  }
}
