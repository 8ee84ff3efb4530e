import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6, type Socket, connect as tcpConnect } from "node:net";
import { connectUnixDatagram, type UnixDatagram } from "../../../system/index.ts";
import { syslogMessage } from "./syslog-format.ts";
import type { DeliveryTarget } from "./target.ts";

/** How a syslog server is reached; made at the first message and again after a failure. */
interface Line {
  send(messages: readonly string[], signal: AbortSignal): Promise<void>;
  close(): void;
}

const connectMs = 10_000;

/** @param url `unix:///PATH` (datagrams), `udp://HOST:PORT` (RFC 5426) or `tcp://HOST:PORT` (RFC 6587, octet counting) */
export function syslogTarget(url: string): DeliveryTarget {
  const { protocol, hostname, port, pathname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  let line: Line | undefined;
  return {
    name: "syslog",
    place: url,
    async deliver(records, signal) {
      try {
        if (protocol === "unix:") line ??= unixLine(decodeURIComponent(pathname));
        else if (protocol === "udp:") line ??= udpLine(host, Number(port));
        else line ??= await tcpLine(host, Number(port), signal);
        await line.send(records.map(syslogMessage), signal);
      } catch (error) {
        line?.close();
        line = undefined;
        throw error;
      }
    },
    close() {
      line?.close();
    },
  };
}

/** A datagram that this socket takes is in the server's queue: it is waited for while that is full. */
function unixLine(path: string): Line {
  const socket: UnixDatagram = connectUnixDatagram(path);
  return {
    async send(messages, signal) {
      for (const message of messages) {
        const bytes = Buffer.from(message);
        while (!socket.send(bytes)) {
          signal.throwIfAborted();
          await Bun.sleep(fullQueuePauseMs);
        }
      }
    },
    close: () => socket.close(),
  };
}

const fullQueuePauseMs = 5;

/** Datagrams may be lost on the way, and nobody would know: that is what UDP is. */
function udpLine(host: string, port: number): Line {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  socket.unref();
  return {
    async send(messages) {
      for (const message of messages) {
        await new Promise<void>((resolve, reject) => {
          socket.send(Buffer.from(message), port, host, (error) => (error ? reject(error) : resolve()));
        });
      }
    },
    close: () => socket.close(),
  };
}

/** What the server's side has taken can't be told in this protocol: what was on the way when the connection broke is lost. */
async function tcpLine(host: string, port: number, signal: AbortSignal): Promise<Line> {
  const socket: Socket = tcpConnect({ host, port });
  socket.setTimeout(connectMs, () =>
    socket.destroy(new Error(`${host}:${port} did not answer within ${connectMs} ms`)),
  );
  try {
    await once(socket, "connect", { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.setTimeout(0);
  socket.setKeepAlive(true);
  let failure: Error | undefined;
  const fail = (error?: Error) => {
    failure ??= error ?? new Error(`${host}:${port} closed the connection`);
    socket.destroy();
  };
  socket.on("error", fail);
  socket.on("end", () => fail());
  socket.on("close", () => fail());
  socket.resume();
  return {
    async send(messages) {
      if (failure !== undefined) throw failure;
      const frames = messages.map((message) => `${Buffer.byteLength(message)} ${message}`).join("");
      await new Promise<void>((resolve, reject) => {
        socket.once("close", () => reject(failure ?? new Error("the connection was closed")));
        socket.write(frames, (error) => (error ? reject(error) : resolve()));
      });
    },
    close: () => socket.destroy(),
  };
}
