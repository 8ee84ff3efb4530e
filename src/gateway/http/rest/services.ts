import type { ServiceRow, ServiceStatus } from "../../../api/index.ts";
import { SoloError } from "../../../api/index.ts";
import { codeFormats, deployCode } from "../../shared/index.ts";
import { conditionOf, entityTag } from "../conditions.ts";
import { eventOf } from "./events.ts";
import { flagOf, integerOf, invalid, pageOf, type RestHandler, type RestRequest, serviceOf } from "./request.ts";

/** How a service's state is told here: whether it has processes that serve or are about to. */
const statuses: Readonly<Record<ServiceRow["state"], "running" | "stopped" | "unknown">> = {
  starting: "running",
  ready: "running",
  degraded: "running",
  unhealthy: "running",
  draining: "running",
  stopping: "running",
  stopped: "stopped",
  completed: "stopped",
  failed: "stopped",
  backoff: "unknown",
  crash_loop: "unknown",
};

/** `GET /services`: filtered first, then counted, then cut into pages. */
export const listServices: RestHandler = async ({ api, tenant, query }) => {
  const { limit, offset } = pageOf(query);
  const wanted = query.get("status");
  if (wanted !== null && !Object.values<string>(statuses).includes(wanted)) {
    throw invalid("status", "expects running, stopped or unknown");
  }
  const { services } = await api.list({ tenant });
  const matching = services.filter(({ state }) => wanted === null || statuses[state] === wanted);
  const page = matching.slice(offset, offset + limit);
  const documents = await Promise.all(page.map(({ service: name }) => api.status({ tenant, name }).then(documentOf)));
  return Response.json({ services: documents, total: matching.length, limit, offset, timestamp: now() });
};

/** `GET /services/{id}`. */
export const showService: RestHandler = async ({ api, tenant, id }) => {
  const status = await api.status({ tenant, name: serviceOf(id) });
  const document = {
    ...documentOf(status),
    updated_at: status.updated,
    recent_events: status.recent_events.map(eventOf),
    timestamp: now(),
  };
  return Response.json(document, { headers: { etag: entityTag(status) } });
};

/** `POST /services`: code that is sent along, deployed until it is ready. */
export const createService: RestHandler = async (request) => {
  const { tenant, body } = request;
  const { service_id, code, format } = await body();
  const name = serviceOf(service_id);
  await deploy(request, { name, code, format }, async (api) => {
    const existing = await api.status({ tenant, name }).catch(onlyNotFound);
    if (existing === undefined || statuses[existing.state] === "stopped") return {};
    throw new SoloError("conflict", `service ${name} exists`, {
      hint: `PUT /services/${name} gives it other code, DELETE ends it`,
      details: { legacy: "service_exists" },
    });
  });
  const document = { service_id: name, status: "deployed", message: `service ${name} is ready`, timestamp: now() };
  return Response.json(document, { status: 201, headers: { location: `/services/${name}` } });
};

/** `PUT /services/{id}`: other code for a service, brought in without a moment below its ready count. */
export const replaceService: RestHandler = async (request) => {
  const name = serviceOf(request.id);
  const { code, format } = await request.body();
  await deploy(request, { name, code, format }, async () => ({}));
  return Response.json({ service_id: name, status: "deployed", message: `service ${name} is ready`, timestamp: now() });
};

/** `DELETE /services/{id}`: answered once nobody wants it any more; its processes get their grace. */
export const deleteService: RestHandler = async ({ api, tenant, id, query, headers, reported }) => {
  const name = serviceOf(id);
  const force = flagOf(query, "force");
  const grace_ms = integerOf(query, "grace_ms", 5_000, 0, 3_600_000);
  const before = await api.status({ tenant, name });
  if (before.state === "stopping") {
    throw new SoloError("conflict", `service ${name} is being stopped already`, {
      details: { legacy: "already_terminating" },
    });
  }
  const killed = api.kill({ tenant, name, force, grace_ms, ...conditionOf(headers, "kill") });
  // What keeps it from being stopped at all is known at once; a failure after that is an event, and told to the daemon's log.
  await Promise.race([killed, Bun.sleep(refusedWithinMs)]);
  killed.catch(reported);
  const document = {
    service_id: name,
    status: "terminating",
    message: force ? "its processes are killed" : `its processes have ${grace_ms} ms to end`,
    grace_period_ms: force ? 0 : grace_ms,
    timestamp: now(),
  };
  return Response.json(document, { status: 202 });
};

async function deploy(
  { deployer, tenant, headers }: RestRequest,
  { name, code, format }: { readonly name: string; readonly code: unknown; readonly format: unknown },
  look: Parameters<typeof deployCode>[2],
): Promise<void> {
  if (typeof code !== "string" || code === "") throw invalid("code", "expects the text of a module");
  const known = codeFormats.find((one) => one === (format ?? "typescript"));
  if (known === undefined) throw invalid("format", `expects ${codeFormats.join(" or ")}`);
  await deployCode(deployer, { tenant, name, code, format: known, ...conditionOf(headers, "deploy") }, look);
}

function documentOf(status: ServiceStatus): object {
  const { service, state, ready, created, rss_bytes, mailbox } = status;
  return {
    service_id: service,
    status: statuses[state],
    alive: ready > 0,
    created_at: created,
    // Reductions are the BEAM's unit of work; other processes have none.
    metadata: { memory_bytes: rss_bytes, message_queue_len: mailbox?.waiting ?? 0, reductions: null },
  };
}

function onlyNotFound(thrown: unknown): undefined {
  if (SoloError.from(thrown).code !== "not_found") throw thrown;
}

function now(): string {
  return new Date().toISOString();
}

const refusedWithinMs = 50;
