import { auditRoutes } from "./audit.ts";
import { capabilityRoutes } from "./capability.ts";
import { checkpointRoutes } from "./checkpoint.ts";
import { crashRoutes } from "./crash.ts";
import { discoveryRoutes } from "./discovery.ts";
import { metricRoutes } from "./metric.ts";
import { reloadRoutes } from "./reload.ts";
import { removalRoutes } from "./removal.ts";
import { secretRoutes } from "./secret.ts";
import { tenantRoutes } from "./tenant.ts";
import { uploadRoutes } from "./upload.ts";

/**
 * Where every operation of a kernel lies under HTTP. Kept apart from the schemas, so that a client that trusts its kernel
 * can call it without loading a validator. `{name}` in a path is taken from the input; `stream` operations answer NDJSON.
 */
export const routes = {
  deploy: { method: "POST", path: "/v1/deploy", stream: true },
  list: { method: "GET", path: "/v1/services", stream: false },
  status: { method: "GET", path: "/v1/services/{name}", stream: false },
  kill: { method: "POST", path: "/v1/services/{name}/kill", stream: false },
  restart: { method: "POST", path: "/v1/services/{name}/restart", stream: true },
  scale: { method: "POST", path: "/v1/services/{name}/scale", stream: true },
  call: { method: "POST", path: "/v1/services/{name}/call", stream: false },
  logs: { method: "GET", path: "/v1/services/{name}/logs", stream: true },
  events: { method: "GET", path: "/v1/events", stream: true },
  stateGet: { method: "GET", path: "/v1/services/{name}/state/value", stream: false },
  stateSet: { method: "POST", path: "/v1/services/{name}/state/value", stream: false },
  stateDelete: { method: "POST", path: "/v1/services/{name}/state/delete", stream: false },
  stateScan: { method: "GET", path: "/v1/services/{name}/state", stream: true },
  stateWatch: { method: "GET", path: "/v1/services/{name}/state/changes", stream: true },
  stateImport: { method: "POST", path: "/v1/services/{name}/state/import", stream: false },
  effects: { method: "GET", path: "/v1/services/{name}/effects", stream: false },
  resolve: { method: "POST", path: "/v1/services/{name}/effects/resolve", stream: false },
  signal: { method: "POST", path: "/v1/services/{name}/signal", stream: false },
  budget: { method: "GET", path: "/v1/services/{name}/budget", stream: false },
  sandbox: { method: "GET", path: "/v1/services/{name}/sandbox", stream: false },
  why: { method: "GET", path: "/v1/services/{name}/why", stream: false },
  ...checkpointRoutes,
  ...secretRoutes,
  ...uploadRoutes,
  ...auditRoutes,
  ...crashRoutes,
  ...tenantRoutes,
  ...reloadRoutes,
  ...removalRoutes,
  ...capabilityRoutes,
  ...discoveryRoutes,
  ...metricRoutes,
  health: { method: "GET", path: "/v1/health", stream: false },
  version: { method: "GET", path: "/v1/version", stream: false },
  shutdown: { method: "POST", path: "/v1/shutdown", stream: false },
} as const;

/** Both sides name their build in this header, so that a client knows whether the answer has exactly the shape it expects. */
export const versionHeader = "solo-version";

export function isOperationName(name: string): name is keyof typeof routes {
  return Object.hasOwn(routes, name);
}
