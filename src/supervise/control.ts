import { chmodSync, rmSync } from "node:fs";
import type { Socket, UnixSocketListener } from "bun";
import {
  type HostCall,
  type HostMessage,
  type HostOrder,
  type HostPace,
  hostMessageSchema,
  maxHostMessageBytes,
} from "../api/index.ts";

/** Who a connected host turned out to be. */
export interface HostPeer {
  receive(message: HostMessage): void;
  /** The connection is gone; the host makes another one. */
  lost(): void;
}

/** Tells a host something; false when its connection is gone. */
export type TellHost = (message: HostCall | HostOrder | HostPace) => boolean;

interface Connection {
  peer: HostPeer | undefined;
  /** The beginning of a line whose end has not come yet. */
  rest: string;
  decoder: TextDecoder;
  /** What the host has yet to be told. */
  unsent: Buffer;
}

/** Finds the process that a `hello` comes from, when its key and pid are right. */
export type Authenticate = (hello: Extract<HostMessage, { type: "hello" }>, tell: TellHost) => HostPeer | undefined;

/** A host says who it is at once. Whoever stays silent for so long (seconds) holds a descriptor for nothing. */
const helloTimeoutSeconds = 10;

/** What nearly every message is, a thousand times a second with a thousand hosts: known by its bytes, without parsing. */
const beat: HostMessage = { type: "heartbeat" };
const plainBeat = Buffer.from(`${JSON.stringify(beat)}\n`);

/**
 * The kernel's end of every host's control channel: one unix socket, one JSON document per line. A peer that sends
 * anything else, or too much without a line end, is disconnected; its process may connect again.
 */
export class ControlServer {
  readonly #listener: UnixSocketListener<Connection>;

  constructor(path: string, authenticate: Authenticate) {
    rmSync(path, { force: true });
    this.#listener = Bun.listen<Connection>({
      unix: path,
      socket: {
        open(socket) {
          socket.data = { peer: undefined, rest: "", decoder: new TextDecoder(), unsent: Buffer.alloc(0) };
          socket.timeout(helloTimeoutSeconds);
        },
        data(socket, bytes) {
          receive(socket, bytes, authenticate);
        },
        timeout(socket) {
          if (socket.data.peer === undefined) socket.terminate();
        },
        drain: flush,
        close(socket) {
          socket.data.peer?.lost();
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
  if (connection.peer !== undefined && connection.rest === "" && plainBeat.equals(bytes)) {
    connection.peer.receive(beat);
    return;
  }
  const lines = (connection.rest + connection.decoder.decode(bytes, { stream: true })).split("\n");
  connection.rest = lines.pop() ?? "";
  for (const line of lines) {
    const message = line.length > maxHostMessageBytes ? undefined : parse(line);
    if (message === undefined) return void socket.terminate();
    if (message.type === "hello") {
      connection.peer = authenticate(message, (call) => tell(socket, call));
      if (connection.peer !== undefined) socket.timeout(0);
    }
    if (connection.peer === undefined) return void socket.terminate();
    connection.peer.receive(message);
  }
  if (connection.rest.length > maxHostMessageBytes) socket.terminate();
}

function tell(socket: Socket<Connection>, message: Parameters<TellHost>[0]): boolean {
  const { data } = socket;
  if (data.peer === undefined) return false;
  data.unsent = Buffer.concat([data.unsent, Buffer.from(`${JSON.stringify(message)}\n`)]);
  flush(socket);
  return true;
}

function flush(socket: Socket<Connection>): void {
  const { unsent } = socket.data;
  if (unsent.byteLength === 0) return;
  const written = socket.write(unsent);
  if (written > 0) socket.data.unsent = unsent.subarray(written);
}

function parse(line: string): HostMessage | undefined {
  try {
    return hostMessageSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
