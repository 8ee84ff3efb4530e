import { expect, test } from "bun:test";
import { join } from "node:path";
import { type SoloApi, SoloError } from "../../../src/api/index.ts";
import { createClient, onUnreachable, type SoloClient, socketTransport } from "../../../src/client/index.ts";
import { serveApi } from "../../../src/gateway/http/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { accessTo, instant, sampleApi } from "../gateway/sample-api.ts";

const folder = temporaryFolder();
let sockets = 0;

function newSocket(): string {
  sockets++;
  return join(folder, `${sockets}.sock`);
}

/** What a call failed with. */
async function failure(work: Promise<unknown>): Promise<SoloError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof SoloError) return thrown;
  throw new Error(`expected a SoloError, got ${thrown}`);
}

async function collect<T>(elements: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(elements);
}

function connected(api = sampleApi(), ours = "1", theirs = "1") {
  const socketPath = newSocket();
  const server = serveApi({ access: accessTo(api), socketPath, version: theirs });
  return { api, server, client: createClient(socketTransport(socketPath), ours) };
}

/** A kernel of another build than the client, and what the client tells of that. */
function skewed(api: SoloApi): { readonly client: SoloClient; readonly told: readonly string[] } {
  const socketPath = newSocket();
  const told: string[] = [];
  serveApi({ access: accessTo(api), socketPath, version: "2" });
  return { client: createClient(socketTransport(socketPath), "1", (message) => told.push(message)), told };
}

/** A peer that reads a request and then does what it is told with the connection. */
function peer(onRequest: (socket: Bun.Socket) => void): SoloClient {
  const unix = newSocket();
  Bun.listen({ unix, socket: { data: (socket) => onRequest(socket) } });
  return createClient(socketTransport(unix), "1");
}

test("a document arrives as the kernel made it", async () => {
  const { client } = connected();
  expect(await client.list({ tenant: "acme" })).toEqual({ services: [] });
  expect(await client.version({})).toMatchObject({ commit: "abc" });
});

test("names with special characters in a path are the kernel's to refuse", async () => {
  const { client } = connected();
  expect((await failure(client.status({ name: "../x?y" }))).code).toBe("invalid_name");
});

test("a stream arrives element by element and ends", async () => {
  const { client } = connected();
  const lines = await collect(client.logs({ name: "web", tail: 5_000 }));
  expect(lines.map(({ cursor }) => Number(cursor))).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
});

test("aborting ends a stream here and in the kernel, without an error", async () => {
  const { api, client } = connected();
  const abort = new AbortController();
  let lines = 0;
  for await (const _ of client.logs({ name: "web", follow: true }, abort.signal)) {
    lines += 1;
    if (lines === 3) abort.abort();
  }
  expect(lines).toBe(3);
  await until("the kernel noticed", () => api.open === 0);
});

test("leaving a loop over a stream ends it in the kernel", async () => {
  const { api, client } = connected();
  for await (const _ of client.logs({ name: "web", follow: true })) break;
  await until("the kernel noticed", () => api.open === 0);
});

test("an error keeps its code, hint and exit code", async () => {
  const { client } = connected();
  const error = await failure(client.status({ name: "web" }));
  expect([error.code, error.hint, error.exit]).toEqual(["not_found", "`solo list` shows what there is", 5]);
});

test("an error in a stream is thrown where the stream broke", async () => {
  const broken = sampleApi({
    async *deploy() {
      yield { type: "result", time: instant, services: [], took_ms: 1 };
      throw new SoloError("start_failed", "it crashed", { details: { logs: ["boom"] } });
    },
  });
  const { client } = connected(broken);
  const error = await failure(collect(client.deploy({ services: [] })).catch((thrown) => Promise.reject(thrown)));
  expect(error.code).toBe("invalid_request");
  const valid = { services: [{ name: "a", spec: { kind: "command" as const, command: ["true"] } }] };
  const second = await failure(collect(client.deploy(valid)));
  expect([second.code, second.details]).toEqual(["start_failed", { logs: ["boom"] }]);
});

test.each(["missing", "stale", "too long"])("a %s socket is unreachable, exit code 7", async (kind) => {
  const path = kind === "too long" ? join(folder, "x".repeat(150)) : newSocket();
  if (kind === "stale") {
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    Bun.spawnSync([process.execPath, "-e", script]);
  }
  const error = await failure(createClient(socketTransport(path), "1").list({}));
  expect([error.code, error.exit, error.applied]).toEqual(["unreachable", 7, "no"]);
  expect(error.hint).not.toBeNull();
});

test("a connection lost after a change was sent leaves the outcome unknown, exit code 11", async () => {
  const client = peer((socket) => void socket.end());
  const error = await failure(client.kill({ name: "web" }));
  expect([error.code, error.exit, error.applied]).toEqual(["outcome_unknown", 11, "unknown"]);
});

test("a connection lost after a read was sent is merely unreachable", async () => {
  const client = peer((socket) => void socket.end());
  expect((await failure(client.list({}))).code).toBe("unreachable");
});

test("a connection lost in the middle of a deploy leaves the outcome unknown", async () => {
  const head = "HTTP/1.1 200 OK\r\nsolo-version: 1\r\ntransfer-encoding: chunked\r\n\r\n";
  const client = peer((socket) => {
    socket.write(`${head}1\r\n\n\r\n`);
    socket.flush();
    setTimeout(() => socket.terminate(), 20);
  });
  const valid = { services: [{ name: "a", spec: { kind: "command" as const, command: ["true"] } }] };
  expect((await failure(collect(client.deploy(valid)))).code).toBe("outcome_unknown");
});

test("something else that listens there is said not to be a kernel", async () => {
  const client = peer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    socket.flush();
  });
  const error = await failure(client.list({}));
  expect([error.code, error.message]).toEqual(["unreachable", expect.stringContaining("not a Solo kernel")]);
});

test("an answer of another build is accepted when it has what this build needs", async () => {
  const newer = sampleApi({ list: async () => Object.assign({ services: [] }, { pages: 1 }) });
  const { client } = connected(newer, "1", "2");
  expect(await client.list({})).toEqual(Object.assign({ services: [] }, { pages: 1 }));
});

test("what an answer of another build lacks is told once, and nothing stands in its place", async () => {
  const killed =
    '{"service":"web","tenant":"default","state":"stopped","instances":[{"id":"web-1","pid":1,"exit_code":0}]}';
  const { client, told } = skewed(sampleApi({ kill: async () => JSON.parse(killed) }));
  for (let round = 0; round < 2; round++) {
    expect(await client.kill({ name: "web" })).toMatchObject({
      took_ms: 0,
      instances: [{ exit_code: 0, signal: null }],
    });
  }
  expect(told).toEqual([expect.stringMatching(/kernel \(2\).*this solo \(1\).*kill lacks .*instances\[\]\.signal/)]);
});

test("an answer of another build in a form that is none is refused, naming both builds", async () => {
  const { client } = skewed(sampleApi({ kill: async () => JSON.parse('{"service":"web","instances":"many"}') }));
  const error = await failure(client.kill({ name: "web" }));
  expect(error.message).toMatch(/kernel \(2\).*this solo \(1\).*instances/);
});

test("words that only a newer kernel has are kept", async () => {
  const killed = '{"service":"web","tenant":"default","state":"hibernating","instances":[],"took_ms":1}';
  const { client, told } = skewed(sampleApi({ kill: async () => JSON.parse(killed) }));
  expect<{ state: string }>(await client.kill({ name: "web" })).toMatchObject({ state: "hibernating" });
  expect(told).toEqual([]);
});

test("an operation that an older kernel lacks is told as such", async () => {
  const document = new SoloError("not_found", "there is nothing at /v1/services/web/why").toDocument();
  const unix = newSocket();
  Bun.serve({ unix, fetch: () => Response.json(document, { status: 404, headers: { "solo-version": "0" } }) });
  const error = await failure(createClient(socketTransport(unix), "1").why({ name: "web" }));
  expect([error.exit, error.message]).toEqual([1, expect.stringContaining("kernel (0) is older than this solo (1)")]);
});

test("a second way is taken only when nobody answers, and only for what it can do", async () => {
  const files = { list: async () => ({ services: [] }) };
  const dead = onUnreachable(createClient(socketTransport(newSocket()), "1"), async () => files);
  expect(await dead.list({})).toEqual({ services: [] });
  expect((await failure(dead.kill({ name: "web" }))).code).toBe("unreachable");
  const alive = onUnreachable(connected().client, () => Promise.reject(new Error("not needed")));
  expect((await failure(alive.status({ name: "web" }))).code).toBe("not_found");
});

test("a second way takes over a stream that had no element yet", async () => {
  const other = sampleApi();
  const client = onUnreachable(createClient(socketTransport(newSocket()), "1"), async () => other);
  expect(await collect(client.logs({ name: "web" }))).toHaveLength(3);
});
