import type { ServiceStatus } from "../api/index.ts";
import type { Overview } from "./overview.ts";
import { renderOverview } from "./render/overview.ts";
import { renderServiceStatus } from "./render/service-status.ts";
import type { View } from "./view.ts";

/** What `status --watch` looks at: everything, or one service. */
export type Watched = ServiceStatus | Overview;

/** What is watched, as text: the overview or one service. */
export function renderWatched(document: Watched, view: View): string {
  return "kernel" in document ? renderOverview(document, view) : renderServiceStatus(document, view);
}

/** Resolves after the time, or at once when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
