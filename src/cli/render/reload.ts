import type { ReloadResult } from "../../api/index.ts";
import { formatDuration, formatSize } from "../../api/units.ts";
import type { View } from "../view.ts";

export function renderReload({ service, module, bytes, checkpoint, took_ms }: ReloadResult, { style }: View): string {
  const before = checkpoint === null ? "" : `; its state before is ${style.bold(checkpoint)}`;
  return `${style.bold(service)} runs ${formatSize(bytes)} of new code for ${module}, in ${formatDuration(took_ms)}${before}`;
}
