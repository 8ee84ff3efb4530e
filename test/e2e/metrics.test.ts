import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type MetricsDocument, metricsDocumentSchema } from "../../src/api/index.ts";
import { freePort, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";
import { runProgram } from "../support/run.ts";

/** What the binary measures, as `promtool` and a real Prometheus of Debian understand it. */

const port = freePort();
const url = `http://127.0.0.1:${port}/metrics`;
let env: SoloEnv;
beforeAll(async () => {
  env = soloEnv();
  env.write(
    "web.ts",
    `import { defineService } from "solo";
    export default defineService({
      fetch: (request) => new Response("", { status: new URL(request.url).pathname === "/" ? 200 : 418 }),
      methods: { add: ({ a, b }) => a + b, fail: () => { throw new Error("no") } },
    });`,
  );
  (await env.run(["start"], { env: { SOLO_METRICS_PORT: String(port) } })).expect();
  (await env.run(["deploy", "web.ts"])).expect();
  (await env.run(["deploy", "web.ts", "other", "--tenant", "acme"])).expect();
  for (const path of ["/", "/", "/tea"]) await env.fetch("web", path);
  (await env.run(["call", "web", "add", '{"a":1,"b":2}'])).expect();
  expect((await env.run(["call", "web", "fail"])).code).toBe(1);
});
afterAll(() => env[Symbol.asyncDispose]());

async function scrape(query = "", headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${url}${query}`, { headers });
  expect(answer.status).toBe(200);
  return answer.text();
}

async function measured(...args: string[]): Promise<MetricsDocument> {
  const { stdout } = (await env.run(["metrics", "--json", ...args])).expect();
  return metricsDocumentSchema.parse(JSON.parse(stdout));
}

test("promtool finds nothing wrong with the names, types and units", async () => {
  const file = env.write("metrics.txt", await scrape());
  const { code, stdout, stderr } = await runProgram(["sh", "-c", `promtool check metrics < ${file}`], {
    cwd: env.root,
    env: { PATH: process.env.PATH },
    input: "",
    timeoutMs: 20_000,
  });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("the histograms in milliseconds are there for who asks for them", async () => {
  expect(await scrape()).not.toContain("_ms");
  const text = await scrape("?units=ms");
  expect(text).toContain("# TYPE solo_service_startup_ms histogram");
  const value = (name: string) => Number(new RegExp(`^${name}\\{.*service="web".*\\} (.*)$`, "m").exec(text)?.[1]);
  expect(value("solo_service_startup_ms_sum")).toBeCloseTo(value("solo_service_startup_seconds_sum") * 1_000, 1);
  expect(text).toMatch(/solo_service_startup_ms_bucket\{.*le="2500\.0"\} 1/);
  expect((await fetch(`${url}?units=days`)).status).toBe(400);
});

test("what happened is what is measured", async () => {
  const text = await scrape();
  for (const line of [
    'solo_ingress_requests_total{tenant="default",service="web",code="2xx"} 2',
    'solo_ingress_requests_total{tenant="default",service="web",code="4xx"} 1',
    'solo_ingress_request_duration_seconds_count{tenant="default",service="web"} 3',
    'solo_calls_total{tenant="default",service="web",outcome="done"} 1',
    'solo_calls_total{tenant="default",service="web",outcome="failed"} 1',
    'solo_deployment_count{tenant="acme"} 1',
    'solo_service_startup_seconds_count{tenant="acme",service="other"} 1',
    'solo_service_ready_instances{tenant="acme",service="other"} 1',
    'solo_active_services{tenant="default"} 1',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
  expect(Number(/solo_service_memory_bytes\{tenant="default",service="web"\} (\d+)/.exec(text)?.[1])).toBeGreaterThan(
    1e6,
  );
});

test("of a service's state, what its engines say", async () => {
  (await env.run(["state", "set", "web", "key", '"value"'])).expect();
  const text = await scrape("?tenant=default&service=web");
  expect(text).toContain('solo_state_keys{tenant="default",service="web"} 1\n');
  const tail = Number(/solo_store_log_tail_address\{[^}]*\} (\d+)/.exec(text)?.[1]);
  expect(Number(/solo_store_log_committed_address\{[^}]*\} (\d+)/.exec(text)?.[1])).toBe(tail);
  expect(tail).toBeGreaterThan(0);
});

test("OpenMetrics for those who accept it", async () => {
  const answer = await fetch(url, {
    headers: { accept: "application/openmetrics-text; version=1.0.0,text/plain;q=0.5" },
  });
  expect(answer.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  const text = await answer.text();
  expect(text).toEndWith("\n# EOF\n");
  expect(text).toContain("# TYPE solo_calls counter\n");
  expect(text).toContain("# UNIT solo_call_duration_seconds seconds\n");
});

test("a tenant's view, and a token that has no other", async () => {
  const acme = await scrape("?tenant=acme");
  expect(acme).toContain('service="other"');
  expect(acme).not.toContain('tenant="default"');
  expect(acme).not.toContain("process_");
  const grant = ["capability", "grant", "--tenant", "acme", "--resource", "tenant", "--role", "viewer", "--json"];
  const { token } = JSON.parse((await env.run(grant)).expect().stdout);
  const authorization = `Bearer ${token}`;
  expect(await scrape("", { authorization })).toContain('solo_service_replicas{tenant="acme",service="other"} 1');
  expect(await scrape("", { authorization })).not.toContain('tenant="default"');
  expect((await fetch(`${url}?tenant=default`, { headers: { authorization } })).status).toBe(403);
  expect((await fetch(url, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
});

test("there is nothing else at that port", async () => {
  expect((await fetch(new URL("/v1/services", url))).status).toBe(404);
  expect((await fetch(url, { method: "POST" })).status).toBe(405);
  expect((await fetch(`${url}?tenant=default&service=nobody`)).status).toBe(404);
});

test("solo metrics shows it to people and scripts", async () => {
  const all = await measured("--all-tenants");
  expect(all.families.map(({ name }) => name)).toContain("process_cpu_seconds_total");
  const own = await measured("web");
  expect(own.families.flatMap(({ samples }) => samples).every(({ labels }) => labels.service === "web")).toBe(true);
  const { stdout } = (await env.run(["metrics", "web"])).expect();
  expect(stdout).toMatch(
    /^solo_calls_total {2}Calls of a service's methods.*\n {2}1 {13}tenant=default service=web outcome=done$/m,
  );
  const missing = await env.run(["metrics", "nobody", "--json"]);
  expect(missing.code).toBe(5);
});

test("a real Prometheus scrapes it, and answers a query with it", async () => {
  const own = freePort();
  const folder = join(env.root, "prometheus");
  mkdirSync(folder);
  const config = env.write(
    "prometheus.yml",
    `scrape_configs: [{ job_name: solo, scrape_interval: 1s, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }]`,
  );
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${folder}`, `--web.listen-address=127.0.0.1:${own}`];
  const prometheus = Bun.spawn(["prometheus", ...flags, "--log.level=error"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    const ask = async (query: string) => {
      const answer = await fetch(`http://127.0.0.1:${own}/api/v1/query?query=${encodeURIComponent(query)}`);
      return (await answer.json()).data.result[0]?.value[1];
    };
    const requests = 'solo_ingress_requests_total{service="web",code="2xx"}';
    expect(await waitFor(() => ask(requests), { what: "a scrape", deadlineMs: 30_000 })).toBe("2");
    expect(await ask("up")).toBe("1");
    expect(await ask('histogram_quantile(0.9, solo_call_duration_seconds_bucket{service="web"}) > 0')).toBeString();
  } finally {
    prometheus.kill();
    await prometheus.exited;
  }
});
