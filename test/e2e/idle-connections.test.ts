import { expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import type { Socket } from "bun";
import { Daemon, freePort, waitFor } from "../support/index.ts";

/** Thousands of connections that say nothing: `bin/bench rest` does the same with ten thousand. */

const count = 2_000;

/** Opens connections and asks once on each; resolves when all are answered. */
async function openAll(port: number, host: string) {
  const open = new Set<Socket>();
  const sockets: Socket[] = [];
  for (let begun = 0; begun < count; begun++) {
    const socket = await Bun.connect({
      ...{ hostname: "127.0.0.1", port },
      socket: { data: (one) => void open.add(one), close: (one) => void open.delete(one) },
    });
    socket.write(`GET /v1/version HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    sockets.push(socket);
  }
  await waitFor(() => open.size === count, { what: "all connections to be answered", deadlineMs: 20_000 });
  return { open, close: () => sockets.map((socket) => socket.terminate()) };
}

function socketsOf(pid: number): number {
  const isSocket = (fd: string) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  };
  return readdirSync(`/proc/${pid}/fd`).filter(isSocket).length;
}

test("beside thousands of idle connections to the API and the ingress everything goes on, and they are given back", async () => {
  const port = freePort();
  await using daemon = new Daemon();
  const { env } = daemon;
  (await env.run(["start"], { env: { SOLO_HTTP_PORT: String(port) } })).expect();
  await daemon.deploy({ web: daemon.module("web.ts", "export default { fetch: () => new Response('hi') };") });
  const pid = await daemon.kernel();
  const before = socketsOf(pid);
  const held = [await openAll(port, "localhost"), await openAll(env.ingressPort, `web.localhost:${env.ingressPort}`)];
  expect(socketsOf(pid)).toBeGreaterThanOrEqual(before + 2 * count);
  await daemon.deploy({ other: daemon.module("other.ts", "export default { fetch: () => new Response('other') };") });
  expect(await (await env.fetch("other")).text()).toBe("other");
  expect((await fetch(`http://127.0.0.1:${port}/v1/health`)).status).toBe(200);
  for (const { open } of held) expect(open.size).toBe(count);
  for (const { close } of held) close();
  await waitFor(() => socketsOf(pid) < before + 50, { what: "the connections to be given back" });
});
