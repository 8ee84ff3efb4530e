import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type SoloEnv, soloEnv, waitFor } from "../support/index.ts";
import { converse } from "../unit/traffic/raw-client.ts";

/** The address that `deploy` prints, as browsers, curl and streams use it. */

const deployed = z.object({ url: z.string() });

async function deploy(env: SoloEnv, name: string, source: string, ...flags: string[]): Promise<string> {
  const result = await env.run(["deploy", env.write(`${name}.ts`, source), name, "--json", ...flags]);
  return result.expect().json(deployed).url;
}

/** curl resolves names under .localhost by itself, as browsers do. */
async function curl(...args: string[]): Promise<string> {
  const child = Bun.spawn(["curl", "--silent", "--show-error", "--max-time", "30", ...args], { stdout: "pipe" });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text;
}

describe("names", () => {
  test("NAME.localhost and NAME.TENANT.localhost lead to the service, whatever the case", async () => {
    await using env = soloEnv();
    const hello = (text: string) => `export default { fetch: () => new Response(${JSON.stringify(text)}) };`;
    const url = await deploy(env, "web", hello("mine"));
    const theirs = await deploy(env, "web", hello("theirs"), "--tenant", "acme");
    const named = await deploy(env, "shop", hello("shop"), "--host", "shop.example");
    expect(url).toBe(`http://web.localhost:${env.ingressPort}/`);
    expect(theirs).toBe(`http://web.acme.localhost:${env.ingressPort}/`);
    expect(await curl(url)).toBe("mine");
    expect(await curl(url.replace("web", "WEB"))).toBe("mine");
    expect(await curl(url.replace("web", "web.default"))).toBe("mine");
    expect(await curl(theirs)).toBe("theirs");
    expect(await curl(named)).toBe("shop");
    expect(await curl("-H", "Host: shop.example", url)).toBe("shop");
  });

  test("that lead nowhere are not found, and neither is a service that was stopped", async () => {
    await using env = soloEnv();
    await deploy(env, "web", `export default { fetch: () => new Response("web") };`);
    const nobody = await env.fetch("nobody");
    expect(nobody.status).toBe(404);
    expect(await nobody.text()).toContain("nobody.localhost");
    (await env.run(["kill", "web"])).expect();
    expect((await env.fetch("web")).status).toBe(404);
    (await env.run(["restart", "web"])).expect();
    expect((await env.fetch("web")).status).toBe(200);
  });
});

test("requests that come before the first instance is ready are held, and answered", async () => {
  await using env = soloEnv();
  const gate = join(env.root, "gate");
  const source = `import { existsSync } from "node:fs";
import { defineService } from "solo";
export default defineService({
  async start() { while (!existsSync(${JSON.stringify(gate)})) await Bun.sleep(5); },
  fetch: () => new Response("at last"),
});`;
  (await env.run(["deploy", env.write("slow.ts", source), "--no-wait"])).expect();
  let answers = 0;
  const requests = Array.from({ length: 10 }, async () => {
    const text = await (await env.fetch("slow")).text();
    answers += 1;
    return text;
  });
  const state = async () => (await env.run(["status", "slow", "--json"])).stdout;
  await waitFor(async () => (await state()).includes(`"state":"starting"`), { what: "the instance to be starting" });
  expect(answers).toBe(0);
  env.write("gate", "");
  expect(await Promise.all(requests)).toEqual(Array.from({ length: 10 }, () => "at last"));
});

test("a crash holds requests until the next instance is ready", async () => {
  await using env = soloEnv();
  await deploy(
    env,
    "brittle",
    `export default { fetch(request) {
  if (new URL(request.url).pathname === "/crash") setTimeout(() => process.exit(1), 0);
  return new Response(String(process.pid));
} };`,
  );
  const first = await (await env.fetch("brittle", "/crash")).text();
  await waitFor(() => !isAlive(Number(first)), { what: "the crash" });
  const second = await env.fetch("brittle");
  expect(second.status).toBe(200);
  expect(await second.text()).not.toBe(first);
});

describe("through the ingress", () => {
  const megabytes = 100;

  test(`${megabytes} MB stream both ways at once`, async () => {
    await using env = soloEnv();
    await deploy(env, "echo", `export default { fetch: (request) => new Response(request.body) };`);
    const chunk = new Uint8Array(1_000_000).map((_, index) => index % 251);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent === megabytes) return controller.close();
        sent += 1;
        controller.enqueue(chunk);
      },
    });
    const hash = new Bun.CryptoHasher("sha256");
    const expected = new Bun.CryptoHasher("sha256");
    for (let count = 0; count < megabytes; count++) expected.update(chunk);
    const response = await env.fetch("echo", "/", { method: "POST", body });
    let received = 0;
    for await (const part of response.body ?? []) {
      received += part.byteLength;
      hash.update(part);
    }
    expect(received).toBe(megabytes * 1_000_000);
    expect(hash.digest("hex")).toBe(expected.digest("hex"));
  }, 30_000);

  test("server-sent events arrive one by one, while the response goes on", async () => {
    await using env = soloEnv();
    await deploy(
      env,
      "events",
      `let tell = () => {};
export default { fetch(request) {
  if (request.method === "POST") { tell(); return new Response(); }
  const stream = new ReadableStream({ start(controller) {
    let count = 0;
    tell = () => controller.enqueue(new TextEncoder().encode("data: " + ++count + "\\n\\n"));
    tell();
  } });
  return new Response(stream, { headers: { "content-type": "text/event-stream" } });
} };`,
    );
    const response = await env.fetch("events");
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body?.getReader();
    const next = async () => new TextDecoder().decode((await reader?.read())?.value);
    expect(await next()).toBe("data: 1\n\n");
    await env.fetch("events", "/", { method: "POST" });
    expect(await next()).toBe("data: 2\n\n");
    await reader?.cancel();
  });

  test("a WebSocket carries messages both ways", async () => {
    await using env = soloEnv();
    await deploy(
      env,
      "socket",
      `export default {
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("no upgrade", { status: 426 })),
  websocket: { message(socket, message) { socket.send("you said " + message); } },
};`,
      // A client of the test's own kind can't name another host than the one it connects to.
      "--host",
      "127.0.0.1",
    );
    const socket = new WebSocket(`ws://127.0.0.1:${env.ingressPort}/`);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => resolve(String(data));
    socket.onerror = () => reject(new Error("the WebSocket failed"));
    expect(await promise).toBe("you said hello");
    const closed = new Promise((done) => (socket.onclose = done));
    socket.close();
    await closed;
  });

  test("a compressed body passes as it is", async () => {
    await using env = soloEnv();
    const url = await deploy(
      env,
      "packed",
      `const body = Bun.gzipSync(Buffer.from("much ".repeat(1_000)));
export default { fetch: () => new Response(body, { headers: { "content-encoding": "gzip" } }) };`,
    );
    const file = join(env.root, "body.gz");
    const head = await curl("--output", file, "--dump-header", "-", url);
    const bytes = readFileSync(file);
    expect(head).toMatch(/^content-encoding: gzip\r$/im);
    expect(head).toMatch(new RegExp(`^content-length: ${bytes.length}\\r$`, "im"));
    expect(Buffer.from(Bun.gunzipSync(bytes)).toString()).toBe("much ".repeat(1_000));
  });

  test("requests that two parsers could read differently are refused, and reach no service", async () => {
    await using env = soloEnv();
    await deploy(
      env,
      "target",
      `let seen = 0;
export default { fetch: (request) => new Response(String(request.url.endsWith("/seen") ? seen : ++seen)) };`,
    );
    for (const rest of ambiguous) {
      const head = `POST / HTTP/1.1\r\nHost: target.localhost:${env.ingressPort}\r\n`;
      const client = await converse(env.ingressPort, head + rest);
      expect(client.status, rest).toBe(400);
    }
    expect(await (await env.fetch("target", "/seen")).text()).toBe("0");
  });
});

/** One of each kind; all that are known: test/unit/traffic/smuggling.test.ts. */
const ambiguous = [
  "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
  "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
  "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
  "Content-Length: +5\r\n\r\nhello",
  "X: 1\nContent-Length: 5\r\n\r\nhello",
  "X: 1\r\n Content-Length: 5\r\n\r\nhello",
];

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
