import { expect, test } from "bun:test";
import type { ServiceStatus } from "../../../src/api/index.ts";
import { statusJson } from "../../../src/gateway/http/status-json.ts";

const sample = (time: string) => ({
  time,
  memory_bytes: 1,
  cpu_percent: 0.5,
  processes: 1,
  files: null,
  calls: 0,
});
const event = (id: number, message: string) => ({
  ...({ type: "event", id, time: "2026-01-31T08:00:00.000Z", tenant: "default", event: "note" } as const),
  ...{ subject: "default/web", cause: null, data: { message }, cursor: String(id) },
});
const instance = (id: string, history: ReturnType<typeof sample>[]): ServiceStatus["instances"][number] => ({
  ...({ id, pid: 7, state: "ready", port: 8080, revision: "r", started: null, uptime_ms: 1, restarts: 0 } as const),
  ...{ rss_bytes: 1, cpu_percent: 0, adopted: false, reason: 'said "no"\u2028', throttle: null, history },
});

function status(instances: ServiceStatus["instances"], recent_events: ServiceStatus["recent_events"]): ServiceStatus {
  return {
    ...({ service: "web", tenant: "default", revision: "r", kind: "source", state: "ready", replicas: 2 } as const),
    ...({
      ready: 2,
      restarts: 0,
      uptime_ms: 12,
      rss_bytes: 1,
      cpu_percent: 0.1,
      url: null,
      sandbox: "enforce",
    } as const),
    ...{ created: "2026-01-31T08:00:00.000Z", updated: "2026-01-31T08:00:00.000Z", budget: null, breakers: [] },
    instances,
    health: { status: "healthy", probes: [] },
    limits: { log_bytes: 64_000_000 },
    mailbox: { waiting: 0, in_flight: 0, limit: 10, delivered: 0, refused: 0, expired: 0 },
    recent_events,
    last_exit: null,
  };
}

test("a status is written as JSON.stringify writes it, also the second time", () => {
  const samples = [sample("2026-01-31T08:00:01.000Z"), sample("2026-01-31T08:00:02.000Z")];
  const documents = [
    status([], []),
    status([instance("web-1", samples), instance("web-2", [])], [event(1, 'a "quoted" \\ one'), event(2, "$& $1 ✓")]),
    status([instance("web-1", samples), instance("web-3", [...samples, sample("later")])], [event(3, "\u0000")]),
  ];
  for (const document of [...documents, ...documents]) expect(statusJson(document)).toBe(JSON.stringify(document));
});
