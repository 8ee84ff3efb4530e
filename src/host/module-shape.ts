import { isService, type Service } from "./sdk/index.ts";

/**
 * `export default { fetch }`, as Bun, Cloudflare Workers and Hono have it. The other members are Bun's, whose `routes` may
 * stand alone; its `port` and `hostname` are ignored, because an instance listens where its kernel says.
 */
export interface FetchModule {
  fetch?(request: Request, env: unknown, execution: unknown): Response | Promise<Response>;
  readonly routes?: Bun.Serve.Routes<unknown, string>;
  readonly websocket?: Bun.WebSocketHandler<unknown>;
  readonly maxRequestBodySize?: number;
}

export type ModuleShape =
  | { readonly shape: "fetch"; readonly module: FetchModule }
  | { readonly shape: "service"; readonly service: Service }
  | { readonly shape: "script" };

/** Which of the three shapes a module has, by what it exports by default. */
export function shapeOf(exported: unknown): ModuleShape {
  if (isService(exported)) return { shape: "service", service: exported };
  if (isFetchModule(exported)) return { shape: "fetch", module: exported };
  return { shape: "script" };
}

function isFetchModule(value: unknown): value is FetchModule {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  const answers = "fetch" in value && typeof value.fetch === "function";
  return (answers || hasRoutes(value)) && !isRunningServer(value);
}

/** Bun's `routes`. Frameworks' own objects (Hono, Elysia) have a member of that name which is something else. */
export function hasRoutes(value: object): boolean {
  return "routes" in value && Object.getPrototypeOf(value) === Object.prototype;
}

/** `export default Bun.serve(…)`: a server of the script's own, which has a `fetch` as well. */
function isRunningServer(value: object): boolean {
  return "pendingRequests" in value && "stop" in value && "reload" in value;
}
