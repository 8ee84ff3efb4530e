import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { freePort, waitFor } from "../support/index.ts";
import { type SoloEnv, soloEnv } from "../support/solo-env.ts";

const granted = z.object({ token: z.string() });

/** The REST interface on its own port, by what its clients see; see also the contract test of `/v1`. */

const port = freePort();
let env: SoloEnv;
let token: string;
beforeAll(async () => {
  env = soloEnv();
  (await env.run(["start"], { env: { SOLO_HTTP_PORT: String(port) } })).expect();
  token = await grant("default");
});
afterAll(() => env[Symbol.asyncDispose]());

async function grant(tenant: string): Promise<string> {
  const permissions = "read,logs,deploy,operate,secrets:read,secrets:write";
  const args = ["capability", "grant", "--resource", "tenant", "--tenant", tenant, "--permissions", permissions];
  return (await env.run([...args, "--json"])).expect().json(granted).token;
}

interface Asking {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly token?: string | null;
}

function ask(path: string, { method = "GET", body, headers = {}, token: shown = token }: Asking = {}) {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { ...(shown !== null && { authorization: `Bearer ${shown}` }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

const code = (text: string) =>
  `export default { fetch: () => { console.warn("asked"); return new Response("${text}"); } };`;
const instant = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);

describe("services", () => {
  test("come from code, are shown, changed and deleted", async () => {
    const made = await ask("/services", { method: "POST", body: { service_id: "web", code: code("one") } });
    expect([made.status, made.headers.get("location")]).toEqual([201, "/services/web"]);
    expect(await made.json()).toEqual({
      service_id: "web",
      status: "deployed",
      message: expect.any(String),
      timestamp: instant,
    });
    expect(await (await env.fetch("web")).text()).toBe("one");

    const again = await ask("/services", { method: "POST", body: { service_id: "web", code: code("two") } });
    expect([again.status, (await again.json()).error]).toEqual([409, "service_exists"]);
    expect((await ask("/services/web", { method: "PUT", body: { code: code("two") } })).status).toBe(200);
    expect(await (await env.fetch("web")).text()).toBe("two");

    const shown = await ask("/services/web");
    expect(shown.headers.get("etag")).toMatch(/^"\d+"$/);
    const document = await shown.json();
    expect(document).toMatchObject({
      service_id: "web",
      status: "running",
      alive: true,
      created_at: instant,
      updated_at: instant,
      metadata: { memory_bytes: expect.any(Number), message_queue_len: 0 },
    });
    expect(document.recent_events.length).toBeLessThanOrEqual(10);
    expect(document.recent_events[0]).toMatchObject({
      id: expect.any(Number),
      event_type: expect.any(String),
      timestamp: instant,
      payload: expect.any(Object),
    });

    const stale = await ask("/services/web", { method: "DELETE", headers: { "if-match": '"1"' } });
    expect(stale.status).toBe(412);
    const gone = await ask("/services/web?grace_ms=100", { method: "DELETE" });
    expect(gone.status).toBe(202);
    expect(await gone.json()).toMatchObject({ status: "terminating", grace_period_ms: 100 });
    await waitFor(async () => (await (await ask("/services/web")).json()).status === "stopped", { what: "its end" });
  });

  test("are counted before they are cut into pages, and filtered before they are counted", async () => {
    const create = (service_id: string) => ask("/services", { method: "POST", body: { service_id, code: code("x") } });
    const made = await Promise.all(["a", "b", "c"].map(create));
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
    const page = await (await ask("/services?status=running&limit=2&offset=1")).json();
    expect(page).toMatchObject({ total: 3, limit: 2, offset: 1, timestamp: instant });
    expect(page.services.map((service: { service_id: string }) => service.service_id)).toEqual(["b", "c"]);
    const stopped = await (await ask("/services?status=stopped")).json();
    expect(stopped).toMatchObject({ total: 1, services: [{ service_id: "web", alive: false }] });
  });

  const refusals: [what: string, path: string, asking: Asking, status: number, error: string][] = [
    ["no name", "/services", { method: "POST", body: { code: "1" } }, 400, "invalid_service_id"],
    ["a bad name", "/services/a%20b", {}, 400, "invalid_service_id"],
    ["no code", "/services", { method: "POST", body: { service_id: "x" } }, 400, "invalid_request"],
    [
      "a format",
      "/services",
      { method: "POST", body: { service_id: "x", code: "1", format: "perl" } },
      400,
      "invalid_request",
    ],
    [
      "code with a mistake",
      "/services",
      { method: "POST", body: { service_id: "x", code: "let let" } },
      422,
      "invalid_source",
    ],
    ["no JSON", "/services", { method: "POST", body: "{" }, 400, "invalid_json"],
    ["a list", "/services", { method: "POST", body: "[]" }, 400, "invalid_json"],
    ["a long body", "/services", { method: "POST", body: "x".repeat(1_000_001) }, 413, "too_large"],
    ["an unknown service", "/services/nobody", {}, 404, "not_found"],
    ["a limit", "/services?limit=1001", {}, 400, "invalid_request"],
    ["a status", "/services?status=alive", {}, 400, "invalid_request"],
    ["a method", "/services", { method: "PATCH" }, 405, "invalid_request"],
    ["a broken escape", "/services/%zz", {}, 400, "invalid_path"],
    ["a secret's name", "/secrets/a.b", {}, 400, "invalid_secret_key"],
    ["a path", "/services/a/b", {}, 404, "not_found"],
  ];
  test.each(refusals)("refuse %s in this interface's words", async (_, path, asking, status, error) => {
    const answer = await ask(path, asking);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const body = await answer.json();
    if (!path.endsWith("/a/b")) {
      expect(body).toMatchObject({ error, message: expect.any(String), timestamp: instant, status });
      expect(body.request_id).toBe(answer.headers.get("x-request-id"));
    }
    expect(answer.status).toBe(status);
  });
});

describe("who asks", () => {
  test("needs a token, except for health", async () => {
    expect((await ask("/services", { token: null })).status).toBe(401);
    expect((await ask("/services", { token: "nonsense" })).status).toBe(401);
    const health = await ask("/health", { token: null });
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({
      status: expect.stringMatching(/^(healthy|degraded)$/),
      version: expect.any(String),
      timestamp: expect.any(Number),
      uptime_ms: expect.any(Number),
      memory_mb: expect.any(Number),
      process_count: expect.any(Number),
    });
    expect((await ask("/metrics", { token: null })).status).toBe(401);
    expect(await (await ask("/metrics")).json()).toMatchObject({ uptime_ms: expect.any(Number) });
  });

  test("stays in the token's tenant, whatever the header says", async () => {
    const other = await grant("other");
    expect(await (await ask("/services", { token: other })).json()).toMatchObject({ total: 0 });
    const elsewhere = await ask("/services/a", { token: other, headers: { "x-tenant-id": "default" } });
    expect(elsewhere.status).toBe(403);
    expect((await ask("/services", { headers: { "x-tenant-id": "no name" } })).status).toBe(400);
    expect((await ask("/services", { headers: { "x-tenant-id": "default" } })).status).toBe(200);
  });

  test("must name a tenant when the token is for all", async () => {
    const args = ["capability", "grant", "--resource", "*", "--permissions", "read", "--json"];
    const all = (await env.run(args)).expect().json(granted).token;
    const answer = await ask("/services", { token: all });
    expect([answer.status, (await answer.json()).error]).toEqual([400, "missing_tenant_id"]);
    expect((await ask("/services", { token: all, headers: { "x-tenant-id": "default" } })).status).toBe(200);
  });
});

test("secrets are stored, named and deleted, and never shown", async () => {
  const stored = await ask("/secrets", { method: "POST", body: { key: "API_KEY", value: "hunter22" } });
  expect(stored.status).toBe(201);
  expect(await stored.json()).toMatchObject({ key: "API_KEY", status: "stored" });
  const shown = await (await ask("/secrets/API_KEY")).text();
  expect(JSON.parse(shown)).toEqual({ key: "API_KEY", exists: true });
  expect(await (await ask("/secrets")).json()).toMatchObject({ secrets: ["API_KEY"], total: 1 });
  expect((await ask("/secrets/API_KEY", { method: "DELETE" })).status).toBe(200);
  expect((await ask("/secrets/API_KEY")).status).toBe(404);
  expect((await ask("/secrets/API_KEY", { method: "DELETE" })).status).toBe(404);
});

/** Server-sent events as they come, until the caller has seen enough. */
async function* sent(path: string, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: abort.signal,
  });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  let text = "";
  try {
    for await (const chunk of answer.body ?? []) {
      text += new TextDecoder().decode(chunk);
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const data = event.split("\n").find((row) => row.startsWith("data: "));
        const id = event.split("\n").find((row) => row.startsWith("id: "));
        if (data !== undefined) yield { id: id?.slice(4), data: JSON.parse(data.slice(6)) };
      }
    }
  } finally {
    abort.abort();
  }
}

describe("streams", () => {
  test("of events go on behind the last one seen, and follow what happens", async () => {
    let seen: string | undefined;
    for await (const { id, data } of sent("/events?service_id=a")) {
      expect(data).toMatchObject({ service_id: "a", tenant_id: "default", timestamp: instant });
      expect(id).toBe(String(data.id));
      if (data.event_type !== "instance_ready") continue;
      seen = id;
      break;
    }
    expect(seen).toBeDefined();
    const follow = sent("/events?service_id=a", { "last-event-id": seen ?? "" });
    (await env.run(["restart", "a"])).expect();
    const { value } = await follow.next();
    expect(value?.data.id).toBeGreaterThan(Number(seen));
    await follow.return(undefined);
  });

  test("of events refuse an id that is none, naming the header", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/events`, {
      headers: { authorization: `Bearer ${token}`, "last-event-id": "x" },
    });
    expect([answer.status, (await answer.json()).message]).toEqual([400, "Last-Event-ID: expects the id of an event"]);
  });

  test("of logs begin with the last lines of a level, and of events have them on demand", async () => {
    const logs = sent("/logs?service_id=b&level=WARN&limit=5");
    const both = sent("/events?service_id=b&include_logs=true");
    const line = logs.next();
    const lineAmong = async () => {
      for await (const { data } of both) if (data.event_type === "service_log") return data;
      return undefined;
    };
    const event = lineAmong();
    await waitFor(
      async () => {
        await (await env.fetch("b")).text();
        return (await Promise.race([Promise.all([line, event]), Bun.sleep(100)])) !== undefined;
      },
      { what: "the lines" },
    );
    expect((await line).value?.data).toMatchObject({ level: "WARN", message: "asked", service_id: "b" });
    expect(await event).toMatchObject({ service_id: "b", payload: { message: "asked" } });
    await logs.return(undefined);
  });
});
