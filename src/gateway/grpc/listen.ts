import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { contextOf, demandOf, peerOf, type TlsCredentials } from "../tls/index.ts";
import type { Connections } from "./connections.ts";

export interface ListenOptions {
  readonly bind: string;
  readonly port: number;
  readonly credentials: TlsCredentials | undefined;
  /** Where what comes goes. */
  readonly connections: Connections;
}

export interface Listener {
  /** Accepts no more. Resolves when the last connection has ended. */
  close(): Promise<void>;
}

/** @throws what `listen` does, such as `EADDRINUSE` */
export async function listen({ bind, port, credentials, connections }: ListenOptions): Promise<Listener> {
  const server = credentials === undefined ? plain(connections) : overTls(connections, credentials);
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, bind, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}

function plain(connections: Connections): Server {
  return createServer({ noDelay: true }, (socket: Socket) => {
    connections.track(socket);
    connections.take(socket, undefined);
  });
}

/** Certificates that change are used for the connections that come. */
function overTls(connections: Connections, credentials: TlsCredentials): Server {
  const server = createTlsServer(
    { ...contextOf(credentials.current(), "h2"), ...demandOf(credentials), noDelay: true },
    (socket) => {
      connections.track(socket);
      const certificate = peerOf(socket, credentials);
      if (certificate === "refused") socket.destroy();
      else connections.take(socket, certificate);
    },
  );
  // Those that shake hands still.
  server.on("connection", (socket: Socket) => connections.track(socket));
  // Whatever a peer does wrong before it is known concerns nobody else.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  credentials.onChange((context) => server.setSecureContext(contextOf(context, "h2")));
  return server;
}

/** Further ones are refused. */
const maxConnections = 10_000;
