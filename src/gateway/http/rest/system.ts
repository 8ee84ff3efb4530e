import type { HealthDocument } from "../../../api/index.ts";
import type { RestHandler } from "./request.ts";

/** `GET /health`: 503 when the kernel can't do its work. */
export const showHealth: RestHandler = async ({ api }) => {
  const health = await api.health({});
  const { status, version, checks } = health;
  const unwell = checks.filter((check) => check.status !== "healthy");
  const document = { status, version, ...measures(health), checks: unwell };
  return Response.json(document, { status: status === "unhealthy" ? 503 : 200 });
};

/** `GET /metrics`, as JSON; the port of metrics has them in Prometheus' own form. */
export const showMetrics: RestHandler = async ({ api }) => Response.json(measures(await api.health({})));

function measures({ uptime_ms, memory_bytes, services }: HealthDocument): object {
  return {
    timestamp: Date.now(),
    uptime_ms,
    memory_mb: Math.round((memory_bytes / 1_048_576) * 10) / 10,
    process_count: services.ready,
  };
}
