import type { ServiceStatus } from "../../api/index.ts";
import type { Overview } from "../overview.ts";
import { renderOverview } from "../render/overview.ts";
import { renderServiceStatus } from "../render/service-status.ts";
import type { View } from "../view.ts";

/** What `status --watch` looks at: everything, or one service. */
export type Watched = ServiceStatus | Overview;

/** What is watched, as text: the overview or one service. */
export function renderWatched(document: Watched, view: View): string {
  return "kernel" in document ? renderOverview(document, view) : renderServiceStatus(document, view);
}
