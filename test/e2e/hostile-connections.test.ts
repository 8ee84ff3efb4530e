import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import { z } from "zod";
import { freePort, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";

/**
 * Connections of HTTP that mean it no good, or can't do better, on every port that speaks it: each is answered or ended, none
 * is kept, and none of it is a bug. Those of gRPC are in grpc-hostile.
 */

const [http, metrics] = [freePort(), freePort()];
let env: SoloEnv;
let token: string;
let pid: number;
beforeAll(async () => {
  env = soloEnv();
  (await env.run(["start"], { env: { SOLO_HTTP_PORT: String(http), SOLO_METRICS_PORT: String(metrics) } })).expect();
  const args = ["capability", "grant", "--resource", "tenant", "--role", "admin", "--json"];
  token = (await env.run(args)).expect().json(z.object({ token: z.string() })).token;
  pid = (await env.run(["health", "--json"])).expect().json(z.object({ pid: z.int() })).pid;
});
afterAll(() => env[Symbol.asyncDispose]());

interface Dialogue {
  /** What is written, in pieces: the first at once, each further one after a while. */
  readonly pieces: Iterable<string>;
  /** Ends its own half behind the last piece. */
  readonly fin?: boolean;
}

/** What the server said until it ended the connection. A connection that it never ends is a failure. */
function dialogue(port: number, { pieces, fin = false }: Dialogue): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    let heard = "";
    const written = pieces[Symbol.iterator]();
    const next = () => {
      const { done, value } = written.next();
      if (!done) socket.write(value);
      else if (fin) socket.end();
    };
    next();
    const writing = setInterval(next, betweenPiecesMs);
    const end = (how: () => void) => {
      clearInterval(writing);
      clearTimeout(deadline);
      socket.destroy();
      how();
    };
    const deadline = setTimeout(() => end(() => reject(new Error(`still open after ${heard}`))), endsWithinMs);
    socket.on("data", (bytes) => {
      heard += bytes.toString("latin1");
    });
    socket.on("end", () => end(() => resolve(heard)));
    socket.on("error", () => end(() => resolve(heard)));
  });
}

const betweenPiecesMs = 300;
const endsWithinMs = 40_000;

const get = (path: string, ...fields: readonly string[]) =>
  [`GET ${path} HTTP/1.1`, "host: x", ...fields, "", ""].join("\r\n");
const statuses = (heard: string) => [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
const post = (path: string, length: number) =>
  `${[
    `POST ${path} HTTP/1.1`,
    "host: x",
    `authorization: Bearer ${token}`,
    "x-tenant-id: default",
    `content-length: ${length}`,
  ].join("\r\n")}\r\n\r\n`;

/** Sockets that the kernel has open. */
function sockets(): number {
  const names = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return names.filter((name) => name.startsWith("socket:")).length;
}

test("a request that comes a byte at a time is ended, and the connections are given back", async () => {
  const before = sockets();
  const slowly = [...get("/v1/version", `x-long: ${"a".repeat(500)}`)];
  const heads = [http, metrics].flatMap((port) => [
    dialogue(port, { pieces: [] }),
    dialogue(port, { pieces: slowly }),
    dialogue(port, { pieces: slowly }),
  ]);
  const bodies = ["/v1/services/x/kill", "/services", "/mcp"].flatMap((path) => [
    dialogue(http, { pieces: [post(path, 500), ..."{".repeat(500)] }),
    dialogue(http, { pieces: [post(path, 500)] }),
  ]);
  expect(await Promise.all(heads)).toEqual(heads.map(() => ""));
  for (const heard of await Promise.all(bodies)) {
    expect(statuses(heard)).toEqual([408]);
    expect(heard.toLowerCase()).toContain("connection: close");
  }
  await waitFor(() => sockets() <= before, { what: "the connections to be given back" });
});

test("what is no request, or too long for one, is answered with 400 or 431", async () => {
  const attempts: [bytes: string, status: number][] = [
    [get("/v1/version", `x-long: ${"a".repeat(100_000)}`), 431],
    [get("/v1/version", ...Array.from({ length: 500 }, (_, index) => `x-${index}: a`)), 431],
    [get(`/v1/version?${"a".repeat(100_000)}`), 431],
    [`\x16\x03\x01\x02${"\0".repeat(200)}`, 400],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["GET /v1/version HTTP/1.1\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef", 400],
  ];
  for (const port of [http, metrics]) {
    for (const [bytes, status] of attempts) {
      expect([bytes.slice(0, 60), statuses(await dialogue(port, { pieces: [bytes] }))]).toEqual([
        bytes.slice(0, 60),
        [status],
      ]);
    }
  }
});

test("a host that can't be one is refused, and so are other methods and escapes", async () => {
  for (const host of ["[::::", "h%zz", "h:99999", "a<b", "a b"]) {
    const pieces = [`GET /v1/version HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`];
    for (const port of [http, metrics]) expect(statuses(await dialogue(port, { pieces, fin: true }))).toEqual([400]);
  }
  for (const line of ["GET //%%%zz/\\", "CONNECT x:80", "TRACE /v1/version", "MKCOL /"]) {
    const pieces = [`${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`];
    const [status = 0] = statuses(await dialogue(http, { pieces }));
    expect([line, status >= 400 && status < 500]).toEqual([line, true]);
  }
});

test("requests in one piece are answered in their order, and behind the end of what the client says", async () => {
  const last = get("/v1/health", "connection: close");
  const heard = await dialogue(http, { pieces: [`${get("/v1/version").repeat(5)}${last}`] });
  expect(statuses(heard)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(heard.slice(heard.lastIndexOf("HTTP/1.1"))).toContain('"checks"');
  expect(statuses(await dialogue(http, { pieces: [get("/v1/version")], fin: true }))).toEqual([200]);
});

test("clients that leave in the middle of a body or an answer leave nothing behind", async () => {
  const before = sockets();
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const pieces = index % 2 === 0 ? [`${post("/v1/deploy", 5_000)}{`] : [get("/v1/events?follow=true")];
      const socket = connect(http, "127.0.0.1");
      socket.on("error", () => undefined);
      await new Promise((resolve) => socket.once("connect", resolve));
      for (const piece of pieces) socket.write(piece);
      if (index % 3 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }),
  );
  await waitFor(() => sockets() <= before, { what: "the connections to be given back" });
  const said = await env.run(["health", "--json"]);
  expect(said.expect().json(z.object({ pid: z.int() })).pid).toBe(pid);
});

test("nothing of it was a bug", async () => {
  const log = await Bun.file(`${env.dataDir}/logs/kernel.log`).text();
  expect(log).not.toMatch(/unexpected|Error:| at .*\.ts/);
});
