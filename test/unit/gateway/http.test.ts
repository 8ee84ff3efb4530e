import { heapStats } from "bun:jsc";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownerKeyHeader, ownerKeyPath, type SoloApi, SoloError } from "../../../src/api/index.ts";
import { type ApiServer, serveApi } from "../../../src/gateway/http/index.ts";
import { until } from "../../support/until.ts";
import { accessTo, line, sampleApi } from "./sample-api.ts";

const opened: { server: ApiServer; folder: string }[] = [];

afterEach(async () => {
  for (const { server, folder } of opened.splice(0)) {
    await server.close();
    rmSync(folder, { recursive: true });
  }
});

function serve(api: SoloApi, onBug?: (error: Error) => void) {
  const folder = mkdtempSync(join(tmpdir(), "solo-gateway-"));
  const socket = join(folder, "run", "solo.sock");
  const server = serveApi({ access: accessTo(api), socketPath: socket, version: "1.0.0+abc", ...(onBug && { onBug }) });
  opened.push({ server, folder });
  const key = readFileSync(ownerKeyPath(socket), "utf8").trim();
  const ask = (path: string, { headers, ...init }: RequestInit = {}) =>
    fetch(`http://solo${path}`, {
      unix: socket,
      headers: { [ownerKeyHeader]: key, ...Object.fromEntries(new Headers(headers)) },
      ...init,
    });
  return { socket, server, ask };
}

test("nothing of an answered request is kept, stream or document", async () => {
  const { ask } = serve(sampleApi());
  const stream = async () => (await ask("/v1/services/a/logs?follow=false")).text();
  const failed = async () => (await ask("/v1/services/a")).text();
  const document = async () => (await ask("/v1/services")).text();
  const signals = async () => {
    for (let turn = 0; turn < 100; turn++) await Promise.all([stream(), failed(), document()]);
    Bun.gc(true);
    return heapStats().objectTypeCounts.AbortSignal ?? 0;
  };
  const before = await signals();
  // Each request has a signal of its own; of three hundred, those of the last few may not be collected yet.
  expect((await signals()) - before).toBeLessThan(100);
});

describe("the socket", () => {
  test("is for its owner alone", () => {
    const { socket } = serve(sampleApi());
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(socket, "..")).mode & 0o777).toBe(0o700);
  });

  test("is open only to who can read its key, save for whether the kernel lives", async () => {
    const { socket, ask } = serve(sampleApi());
    expect(statSync(ownerKeyPath(socket)).mode & 0o777).toBe(0o600);
    for (const headers of [{}, { [ownerKeyHeader]: "0".repeat(64) }, { [ownerKeyHeader]: "" }] as Record<
      string,
      string
    >[]) {
      const refused = await fetch("http://solo/v1/services", { unix: socket, headers });
      expect(refused.status).toBe(401);
      expect(await refused.json()).toMatchObject({ error: { code: "unauthenticated", exit: 4 } });
    }
    expect((await fetch("http://solo/v1/version", { unix: socket })).status).toBe(200);
    expect((await ask("/v1/services")).status).toBe(200);
  });

  test("replaces a stale file in its place", async () => {
    const folder = mkdtempSync(join(tmpdir(), "solo-gateway-"));
    const socket = join(folder, "solo.sock");
    writeFileSync(socket, "left behind");
    const server = serveApi({ access: accessTo(sampleApi()), socketPath: socket, version: "1" });
    opened.push({ server, folder });
    expect((await fetch("http://solo/v1/version", { unix: socket })).status).toBe(200);
  });

  test("is gone after close", async () => {
    const { socket, server } = serve(sampleApi());
    await server.close();
    expect(() => statSync(socket)).toThrow("ENOENT");
  });
});

describe("a document", () => {
  test("is answered with the version of the kernel", async () => {
    const { ask } = serve(sampleApi());
    const answer = await ask("/v1/services?tenant=acme");
    expect(answer.headers.get("solo-version")).toBe("1.0.0+abc");
    expect(await answer.json()).toEqual({ services: [] });
  });

  test("gets its input from path and body, defaults filled in", async () => {
    const api = sampleApi();
    const { ask } = serve(api);
    await ask("/v1/services/web/kill", { method: "POST", body: '{"force":true}' });
    expect(api.calls).toEqual([{ name: "kill", input: { name: "web", tenant: "default", force: true } }]);
  });

  test("that fails carries the error and its status", async () => {
    const { ask } = serve(sampleApi());
    const answer = await ask("/v1/services/web");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: "not_found", message: "no service web", exit: 5 } });
  });

  test("that fails is a problem in HTTP's own terms too, under the name that its caller gave it", async () => {
    const { ask } = serve(sampleApi());
    const answer = await ask("/v1/services", { method: "DELETE", headers: { "x-request-id": "abc-1" } });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET");
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("x-request-id")).toBe("abc-1");
    expect(await answer.json()).toMatchObject({
      type: "urn:solo:error:invalid_request",
      status: 405,
      instance: "urn:solo:request:abc-1",
      error: { code: "invalid_request" },
    });
    const odd = await ask("/v1/nothing", { headers: { "x-request-id": "two words" } });
    expect(odd.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("that hits a bug is internal, and the daemon's log gets the cause", async () => {
    const bugs: Error[] = [];
    const broken = async () => {
      throw new TypeError("undefined is not a function");
    };
    const { ask } = serve(sampleApi({ list: broken }), (bug) => bugs.push(bug));
    const answer = await ask("/v1/services");
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("at ");
    expect(bugs.map(({ message }) => message)).toEqual(["undefined is not a function"]);
  });
});

describe("a bad request", () => {
  const cases: [what: string, path: string, init: RequestInit, code: string, message: string][] = [
    ["an unknown path", "/v1/nothing", {}, "not_found", "there is nothing at /v1/nothing"],
    ["a wrong method", "/v1/services", { method: "POST" }, "invalid_request", "takes GET, not POST"],
    ["a body that is no JSON", "/v1/deploy", { method: "POST", body: "{" }, "invalid_request", "no JSON"],
    ["a body that is no object", "/v1/deploy", { method: "POST", body: "[]" }, "invalid_request", "JSON object"],
    ["an unknown field", "/v1/services?color=red", {}, "invalid_request", "color: unknown field"],
    ["a wrong type", "/v1/services/web/logs?tail=many", {}, "invalid_request", "tail: "],
    ["a field given twice", "/v1/services?tenant=a&tenant=b", {}, "invalid_request", "tenant: given twice"],
    [
      "a name in path and body",
      "/v1/services/a/kill",
      { method: "POST", body: '{"name":"b"}' },
      "invalid_request",
      "name: ",
    ],
    ["an invalid name", "/v1/services/no%20name", {}, "invalid_name", "name: invalid name"],
    ["a broken escape", "/v1/services/%zz", {}, "invalid_request", "malformed"],
    ["a missing list", "/v1/deploy", { method: "POST", body: "{}" }, "invalid_request", "services: "],
  ];
  test.each(cases)("with %s is refused, naming it", async (_, path, init, code, message) => {
    const { ask } = serve(sampleApi());
    const answer = await ask(path, init);
    const { error } = await answer.json();
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(answer.status).toBe(message.includes("takes") ? 405 : code === "not_found" ? 404 : 400);
  });

  test("that is too long is refused", async () => {
    const { ask } = serve(sampleApi());
    const answer = await ask("/v1/deploy", { method: "POST", body: "x".repeat(17_000_000) });
    expect(answer.status).toBe(413);
  });
});

describe("a stream", () => {
  test("is one JSON document per line", async () => {
    const { ask } = serve(sampleApi());
    const answer = await ask("/v1/services/web/logs?tail=2");
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await answer.text()).split("\n").filter(Boolean);
    expect(lines.map((text) => JSON.parse(text).cursor)).toEqual(["0", "1"]);
  });

  test("is server-sent events for who asks for them, with cursors as their ids", async () => {
    const { ask } = serve(
      sampleApi({
        async *logs() {
          yield line("web", 7);
          throw new SoloError("storage_corrupt", "the log is damaged");
        },
      }),
    );
    const answer = await ask("/v1/services/web/logs", { headers: { accept: "text/event-stream" } });
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const [first = "", second = "", ...rest] = (await answer.text()).split("\n\n");
    expect(first).toStartWith("id: 7\ndata: {");
    expect(JSON.parse(first.split("data: ")[1] ?? "").cursor).toBe("7");
    expect(second).toStartWith('event: failure\ndata: {"type":"error"');
    expect(rest).toEqual([""]);
  });

  test("goes on behind the event that its client saw last", async () => {
    let since: string | undefined;
    const { ask } = serve(
      sampleApi({
        async *logs({ since_cursor }) {
          since = since_cursor;
          yield line("web", 8);
        },
      }),
    );
    await (await ask("/v1/services/web/logs", { headers: { "last-event-id": "7" } })).text();
    expect(since).toBe("7");
    await (await ask("/v1/services/web/logs?since_cursor=5", { headers: { "last-event-id": "7" } })).text();
    expect(since).toBe("5");
  });

  test("that fails at once has a status", async () => {
    const { ask } = serve(
      sampleApi({
        logs: () => {
          throw new SoloError("not_found", "no service web");
        },
      }),
    );
    expect((await ask("/v1/services/web/logs")).status).toBe(404);
  });

  test("that fails later ends with the error as its last line", async () => {
    const { ask } = serve(
      sampleApi({
        async *logs() {
          yield line("web", 0);
          throw new SoloError("storage_corrupt", "the log is damaged");
        },
      }),
    );
    const lines = (await (await ask("/v1/services/web/logs")).text()).split("\n").filter(Boolean);
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({
      type: "error",
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      error: { code: "storage_corrupt" },
    });
  });

  test("is taken only as fast as the client reads", async () => {
    const api = sampleApi();
    const { ask } = serve(api);
    const answer = await ask("/v1/services/web/logs?tail=1000000");
    const reader = answer.body?.getReader();
    await reader?.read();
    await until("nothing more is taken", async () => {
      const before = api.taken;
      await Bun.sleep(50);
      return api.taken === before;
    });
    expect(api.taken).toBeLessThan(100_000);
    await reader?.cancel();
  });

  test("ends in the kernel when its client is gone, even while it is silent", async () => {
    const api = sampleApi();
    const { ask } = serve(api);
    const abort = new AbortController();
    const answer = await ask("/v1/services/web/logs?tail=1&follow=true", { signal: abort.signal });
    await answer.body?.getReader().read();
    expect(api.open).toBe(1);
    abort.abort();
    await until("the stream ends", () => api.open === 0);
  });

  test("sends its headers before it has anything to tell", async () => {
    const { ask } = serve(sampleApi());
    const answer = await ask("/v1/services/web/logs?tail=0&follow=true");
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
  });

  test("ends when the server closes", async () => {
    const api = sampleApi();
    const { ask, server } = serve(api);
    const answer = await ask("/v1/services/web/logs?tail=1&follow=true");
    const text = answer.text().catch(() => "cut off");
    await server.close();
    await text;
    await until("the stream ends", () => api.open === 0);
  });
});
