import type { ServiceState } from "../../api/index.ts";
import type { Style } from "../style.ts";

/** A state in its colour: green serves, yellow is on its way, red needs someone, dim is at rest. */
export function paintState(text: string, state: ServiceState | "healthy" | "unknown", style: Style): string {
  switch (state) {
    case "ready":
    case "healthy":
      return style.green(text);
    case "starting":
    case "draining":
    case "stopping":
    case "degraded":
    case "backoff":
      return style.yellow(text);
    case "unhealthy":
    case "failed":
    case "crash_loop":
      return style.red(text);
    case "stopped":
    case "completed":
    case "unknown":
      return style.dim(text);
  }
}
