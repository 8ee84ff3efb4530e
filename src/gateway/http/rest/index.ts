import { type Caller, nameSchema, SoloError, versionHeader } from "../../../api/index.ts";
import { bodyText } from "../body-text.ts";
import { firstSignal } from "../first-signal.ts";
import { type RequestContext, reported } from "../handle-request.ts";
import { idempotencyKeyOf } from "../idempotency-key.ts";
import { requestIdHeader, requestIdOf } from "../request-id.ts";
import type { RequestUrl } from "../request-url.ts";
import { followEvents, followLogs } from "./events.ts";
import { restProblem } from "./problem.ts";
import type { RestHandler } from "./request.ts";
import { deleteSecret, listSecrets, showSecret, storeSecret } from "./secrets.ts";
import { createService, deleteService, listServices, replaceService, showService } from "./services.ts";
import { showHealth, showMetrics } from "./system.ts";

/** A path's handlers by method. */
type Resource = ReadonlyMap<string, RestHandler>;

/** `/COLLECTION`, and `/COLLECTION/ID`. */
const resources: ReadonlyMap<string, { readonly all: Resource; readonly one?: Resource }> = new Map([
  [
    "services",
    {
      all: new Map([
        ["GET", listServices],
        ["POST", createService],
      ]),
      one: new Map([
        ["GET", showService],
        ["PUT", replaceService],
        ["DELETE", deleteService],
      ]),
    },
  ],
  [
    "secrets",
    {
      all: new Map([
        ["GET", listSecrets],
        ["POST", storeSecret],
      ]),
      one: new Map([
        ["GET", showSecret],
        ["DELETE", deleteSecret],
      ]),
    },
  ],
  ["events", { all: new Map([["GET", followEvents]]) }],
  ["logs", { all: new Map([["GET", followLogs]]) }],
  ["health", { all: new Map([["GET", showHealth]]) }],
  ["metrics", { all: new Map([["GET", showMetrics]]) }],
]);

/** Paths that are about the kernel, not about a tenant. */
const withoutTenant = new Set(["health", "metrics"]);
/** Code that is sent along counts. */
const maxBodyBytes = 1_000_000;

/**
 * The REST interface of Solo's predecessor, beside `/v1`: fewer operations, in forms that clients of it know.
 * @returns undefined for a path that is none of its own
 */
export async function handleRest(
  request: Request,
  url: RequestUrl,
  context: RequestContext,
): Promise<Response | undefined> {
  const [, collection = "", id, ...more] = url.pathname.split("/");
  const resource = resources.get(collection);
  const handlers = id === undefined ? resource?.all : resource?.one;
  if (handlers === undefined || more.length > 0) return undefined;
  const requestId = requestIdOf(request);
  const end = firstSignal(request.signal, context.closing);
  try {
    const handler = handlers.get(request.method === "HEAD" ? "GET" : request.method);
    if (handler === undefined) throw wrongMethod(url.pathname, request.method, handlers);
    const caller = context.authenticate(request, requestId);
    if (caller.kind === "anonymous" && collection !== "health") context.access.checkCredentials(caller, "list");
    const key = idempotencyKeyOf(request);
    const answer = await handler({
      api: context.access.apiFor(caller, key),
      deployer: { access: context.access, caller, key },
      tenant: withoutTenant.has(collection) ? "default" : tenantOf(request, caller),
      query: url.searchParams,
      headers: request.headers,
      body: () => bodyOf(request),
      id: decode(id ?? ""),
      end,
      reported: (thrown) => reported(thrown, context),
    });
    if (answer.headers.get("content-type") !== "text/event-stream") end.release();
    answer.headers.set(versionHeader, context.version);
    answer.headers.set(requestIdHeader, requestId);
    return answer;
  } catch (thrown) {
    end.release();
    return restProblem(reported(thrown, context), { version: context.version, requestId });
  }
}

/** The header names it; without one it is that of the capability, unless that is for all tenants. */
function tenantOf(request: Request, caller: Caller): string {
  const given = request.headers.get("x-tenant-id");
  if (given !== null) {
    const { data } = nameSchema.safeParse(given);
    if (data !== undefined) return data;
    throw new SoloError("invalid_request", "X-Tenant-ID: expects up to 64 letters, digits, _ or -");
  }
  if (caller.kind === "service") return caller.tenant;
  if (caller.kind === "capability" && caller.capability.resource !== "*") return caller.capability.tenant;
  throw new SoloError("invalid_request", "no tenant is named", {
    hint: "send the header X-Tenant-ID",
    details: { legacy: "missing_tenant_id" },
  });
}

async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const text = await bodyText(request);
  if (text.length > maxBodyBytes) throw new SoloError("too_large", `the body has more than ${maxBodyBytes} bytes`);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw new SoloError("invalid_request", "the body is no JSON", { details: { legacy: "invalid_json" }, cause });
  }
  throw new SoloError("invalid_request", "the body must be a JSON object", { details: { legacy: "invalid_json" } });
}

function decode(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch (cause) {
    throw new SoloError("invalid_request", "the path has a malformed %-escape", {
      details: { legacy: "invalid_path" },
      cause,
    });
  }
}

function wrongMethod(path: string, method: string, handlers: Resource): SoloError {
  const allow = [...handlers.keys()].join(", ");
  return new SoloError("invalid_request", `${path} takes ${allow}, not ${method}`, { details: { allow } });
}
