import { formatSize, type RemoveResult } from "../../api/index.ts";
import type { View } from "../view.ts";

export function renderRemoval(isDryRun: boolean): (result: RemoveResult, view: View) => string {
  return ({ service, removed, bytes, revisions }, { style }) => {
    const verb = isDryRun ? "would be removed" : "is removed";
    const parts = [
      ["state", removed.state_bytes],
      ["checkpoints", removed.checkpoint_bytes],
      ["files", removed.file_bytes],
      ["logs", removed.log_bytes],
      ["crash reports", removed.crash_bytes],
    ] as const;
    const lines = parts.filter(([, size]) => size > 0).map(([what, size]) => `  ${what}: ${formatSize(size)}`);
    const head = `${style.bold(service)} ${verb} with ${revisions} ${revisions === 1 ? "revision" : "revisions"}, ${formatSize(bytes)}`;
    return [head, ...lines].join("\n");
  };
}
