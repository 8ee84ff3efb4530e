import { type Caller, type MetricsDocument, SoloError } from "../../../api/index.ts";
import type { RequestContext } from "../handle-request.ts";
import { problem } from "../problem.ts";
import { requestIdOf } from "../request-id.ts";
import type { RequestUrl } from "../request-url.ts";
import { exposition } from "./exposition.ts";
import { withUnits } from "./in-milliseconds.ts";

/**
 * `GET /metrics`: everything for who may see it, else what the token's tenant may; `?tenant=NAME` and `?service=NAME` narrow it.
 * @param isOpen whether nobody needs a token
 */
export async function handleMetrics(
  request: Request,
  url: RequestUrl,
  context: RequestContext,
  isOpen: boolean,
): Promise<Response> {
  const requestId = requestIdOf(request);
  try {
    if (url.pathname !== "/metrics")
      throw new SoloError("not_found", `there is nothing at ${url.pathname} but /metrics`);
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new SoloError("invalid_request", `/metrics takes GET, not ${request.method}`, {
        details: { allow: "GET" },
      });
    }
    const asked = context.authenticate(request, requestId);
    // Reading is all there is here.
    const caller: Caller = asked.kind === "anonymous" && isOpen ? { kind: "owner", request_id: requestId } : asked;
    const document = withUnits(await documentFor(caller, url.searchParams, context), url.searchParams.get("units"));
    const { contentType, text } = exposition(document, request.headers.get("accept"));
    return new Response(request.method === "HEAD" ? null : text, {
      headers: { "content-type": contentType, "cache-control": "no-store" },
    });
  } catch (thrown) {
    const error = SoloError.from(thrown);
    if (error.code === "internal") context.onBug(thrown instanceof Error ? thrown : error);
    return problem(error, { version: context.version, requestId });
  }
}

function documentFor(caller: Caller, query: URLSearchParams, { access }: RequestContext): Promise<MetricsDocument> {
  const api = access.apiFor(caller);
  const name = query.get("service") ?? undefined;
  const tenant = query.get("tenant") ?? tenantOf(caller) ?? (name === undefined ? undefined : "default");
  return tenant === undefined ? api.metricsAll({}) : api.metrics({ tenant, name });
}

/** Undefined for callers who may see every tenant. */
function tenantOf(caller: Caller): string | undefined {
  if (caller.kind === "owner" || caller.kind === "anonymous" || caller.capability.resource === "*") return undefined;
  return caller.capability.tenant;
}
