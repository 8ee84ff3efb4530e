import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { HostMessage } from "../../../src/api/index.ts";
import { ControlServer } from "../../../src/supervise/control.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { waitFor } from "../../support/wait-for.ts";

const folder = temporaryFolder();
const servers: ControlServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A control server that knows one instance, and what it was told. */
function listen(): { path: string; told: HostMessage[] } {
  const path = join(folder, `${servers.length}-${Math.random()}.sock`);
  const told: HostMessage[] = [];
  const authenticate = ({ instance, key }: { instance: string; key: string }) =>
    instance === "a-1" && key === "right"
      ? { receive: (message: HostMessage) => void told.push(message), lost() {} }
      : undefined;
  servers.push(new ControlServer(path, authenticate));
  return { path, told };
}

async function connect(unix: string) {
  const end = { closed: false };
  const socket = await Bun.connect({ unix, socket: { data() {}, close: () => void (end.closed = true), error() {} } });
  return {
    write: (text: string) => socket.write(text),
    say: (message: unknown) => socket.write(`${JSON.stringify(message)}\n`),
    closed: () => waitFor(() => end.closed, { what: "the server to hang up" }),
    socket,
  };
}

const hello = { type: "hello", instance: "a-1", key: "right", pid: 7 };

test("messages reach the instance that said hello, however they are cut", async () => {
  const { path, told } = listen();
  const host = await connect(path);
  const text = `${JSON.stringify(hello)}\n${JSON.stringify({ type: "heartbeat", health: { status: "degraded", message: "müde" } })}\n`;
  for (const byte of Buffer.from(text)) host.socket.write(Buffer.from([byte]));
  await waitFor(() => told.length === 2, { what: "both messages" });
  expect(told[1]).toEqual({ type: "heartbeat", health: { status: "degraded", message: "müde" } });
  host.socket.end();
});

describe("a peer is disconnected, and nobody else is", () => {
  const cases: Record<string, string> = {
    "that speaks no JSON": "GET / HTTP/1.1\r\n\r\n",
    "that has the wrong key": `${JSON.stringify({ ...hello, key: "wrong" })}\n`,
    "that is no instance": `${JSON.stringify({ ...hello, instance: "nobody-1" })}\n`,
    "that does not say hello first": `${JSON.stringify({ type: "heartbeat" })}\n`,
    "that sends a message nobody knows": `${JSON.stringify(hello)}\n${JSON.stringify({ type: "dance" })}\n`,
    "that sends bytes": `${String.fromCharCode(...Array.from({ length: 300 }, (_, index) => index % 256))}\n`,
    "that sends an endless line": "x".repeat(1_100_000),
    "that hides much behind a line end": `"${"x".repeat(1_100_000)}"\n`,
  };
  for (const [name, text] of Object.entries(cases)) {
    test(name, async () => {
      const { path, told } = listen();
      const good = await connect(path);
      good.say(hello);
      await waitFor(() => told.length === 1, { what: "the good one's hello" });
      const bad = await connect(path);
      for (let at = 0; at < text.length; ) {
        const written = bad.write(text.slice(at, at + 65_536));
        if (written < 0) break;
        at += written;
        if (written === 0) await Bun.sleep(1);
      }
      await bad.closed();
      good.say({ type: "heartbeat" });
      await waitFor(() => told.at(-1)?.type === "heartbeat", { what: "the good one's heartbeat" });
      good.socket.end();
    });
  }
});
