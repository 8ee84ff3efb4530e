import { createServer, type Server, type Socket } from "node:net";
import type { ListServices } from "./respond.ts";

/** Only this machine may ask: there are no credentials in DNS. */
const host = "127.0.0.1";
const maxConnections = 100;
/** A connection on which nothing comes for so long is closed (RFC 7766). */
const idleMs = 10_000;

export interface DnsListener {
  close(): Promise<void>;
}

/** Answers DNS by UDP and by TCP on one port. What answers is loaded with the first question. */
export async function listen(port: number, list: ListServices, onBug: (error: Error) => void): Promise<DnsListener> {
  const answer = async (bytes: Buffer, transport: "udp" | "tcp") => {
    const { respond } = await import("./respond.ts");
    return respond(bytes, transport, list);
  };
  const tcp = await listenTcp(port, (bytes) => answer(bytes, "tcp"));
  try {
    const udp = await Bun.udpSocket({
      ...{ hostname: host, port },
      socket: {
        data: (socket, bytes, from, address) => {
          answer(bytes, "udp")
            .then((reply) => reply !== undefined && !socket.closed && socket.send(reply, from, address))
            .catch(onBug);
        },
      },
    });
    return {
      close: async () => {
        udp.close();
        await tcp.close();
      },
    };
  } catch (error) {
    await tcp.close();
    throw error;
  }
}

type AnswerTcp = (bytes: Buffer) => Promise<Buffer | undefined>;

async function listenTcp(port: number, answer: AnswerTcp): Promise<DnsListener> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setTimeout(idleMs, () => socket.destroy());
    void converse(socket, answer).catch(() => socket.destroy());
  });
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => resolve());
  });
  return {
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Each message has its length before it, in two bytes. They are answered one after the other. */
async function converse(socket: Socket, answer: AnswerTcp): Promise<void> {
  let waiting = Buffer.alloc(0);
  for await (const chunk of socket) {
    if (!(chunk instanceof Uint8Array)) continue;
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const end = 2 + waiting.readUInt16BE(0);
      const reply = await answer(waiting.subarray(2, end));
      waiting = waiting.subarray(end);
      if (reply === undefined) return void socket.destroy();
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      if (!socket.write(Buffer.concat([length, reply]))) await drained(socket);
    }
  }
  socket.end();
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("drain", resolve);
    socket.once("close", () => resolve());
  });
}
