import { chmodSync, rmSync } from "node:fs";
import type { Socket, UnixSocketListener } from "bun";
import { type HostMessage, hostMessageSchema, maxHostMessageBytes } from "../api/index.ts";

/** Who a connected host turned out to be. */
export interface HostPeer {
  receive(message: HostMessage): void;
  /** The connection is gone; the process may live on and connect again. */
  disconnected(): void;
}

interface Connection {
  peer: HostPeer | undefined;
  /** The beginning of a line whose end has not come yet. */
  rest: string;
  decoder: TextDecoder;
}

/** Finds the instance that a `hello` names, when its key is right. */
export type Authenticate = (hello: Extract<HostMessage, { type: "hello" }>) => HostPeer | undefined;

/**
 * The kernel's end of every host's control channel: one unix socket, one JSON document per line. A peer that sends
 * anything else, or too much without a line end, is disconnected.
 */
export class ControlServer {
  readonly #listener: UnixSocketListener<Connection>;

  constructor(path: string, authenticate: Authenticate) {
    rmSync(path, { force: true });
    this.#listener = Bun.listen<Connection>({
      unix: path,
      socket: {
        open(socket) {
          socket.data = { peer: undefined, rest: "", decoder: new TextDecoder() };
        },
        data(socket, bytes) {
          receive(socket, bytes, authenticate);
        },
        close(socket) {
          socket.data.peer?.disconnected();
          socket.data.peer = undefined;
        },
        error(socket) {
          socket.terminate();
        },
      },
    });
    chmodSync(path, 0o600);
  }

  close(): void {
    this.#listener.stop(true);
  }
}

function receive(socket: Socket<Connection>, bytes: Uint8Array, authenticate: Authenticate): void {
  const connection = socket.data;
  const lines = (connection.rest + connection.decoder.decode(bytes, { stream: true })).split("\n");
  connection.rest = lines.pop() ?? "";
  if (connection.rest.length > maxHostMessageBytes) return void socket.terminate();
  for (const line of lines) {
    const message = parse(line);
    if (message === undefined) return void socket.terminate();
    if (message.type === "hello") {
      connection.peer?.disconnected();
      connection.peer = authenticate(message);
    }
    if (connection.peer === undefined) return void socket.terminate();
    connection.peer.receive(message);
  }
}

function parse(line: string): HostMessage | undefined {
  try {
    return hostMessageSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
