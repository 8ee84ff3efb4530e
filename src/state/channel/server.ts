import { chmodSync, rmSync } from "node:fs";
import type { Socket, UnixSocketListener } from "bun";
import type { SoloError } from "../../api/error.ts";
import type { ServiceRef } from "../../api/index.ts";
import type { ServiceStates } from "../service-states.ts";
import { HostConnection } from "./connection.ts";
import { dataOperations } from "./data-operations.ts";
import type { PlainHandler, StateHandler } from "./request.ts";

/** Who a host says it is. */
export interface Hello {
  readonly instance: string;
  readonly key: string;
  readonly pid: number;
}

export interface StateServerOptions {
  /** Of the socket. */
  readonly path: string;
  readonly states: ServiceStates;
  /** The service of the instance that a hello comes from, when its key and pid are right. */
  readonly authenticate: (hello: Hello) => ServiceRef | undefined;
  /** Beside those of `ctx.state`. */
  readonly operations?: Readonly<Record<string, StateHandler>>;
  /** Those that need no state: it is not opened for them. */
  readonly plainOperations?: Readonly<Record<string, PlainHandler>>;
  /** Why an instance has no `ctx.state`, if it hasn't. */
  readonly dataRefusal?: (ref: ServiceRef, instance: string) => SoloError | undefined;
  /** Called when a client has gone: it may come back. */
  readonly onGone?: (ref: ServiceRef, client: string) => void;
}

/** A host says who it is at once. Whoever stays silent for so long (seconds) holds a descriptor for nothing. */
const helloTimeoutSeconds = 10;

/** The kernel's end of every host's state channel. */
export class StateServer {
  readonly #listener: UnixSocketListener<HostConnection>;
  readonly #connections = new Set<HostConnection>();

  constructor(options: StateServerOptions) {
    const { path, states, authenticate, dataRefusal = () => undefined, plainOperations = {}, onGone } = options;
    const operations = { ...dataOperations, ...options.operations };
    const connections = this.#connections;
    rmSync(path, { force: true });
    this.#listener = Bun.listen<HostConnection>({
      unix: path,
      socket: {
        open(socket: Socket<HostConnection>) {
          socket.data = new HostConnection(socket, { states, authenticate, dataRefusal, operations, plainOperations });
          connections.add(socket.data);
          socket.timeout(helloTimeoutSeconds);
        },
        data: (socket, bytes) => socket.data.receive(bytes),
        drain: (socket) => socket.data.drain(),
        timeout(socket) {
          if (socket.data.client === undefined) socket.terminate();
        },
        close({ data: connection }) {
          connections.delete(connection);
          connection.closed();
          const { client } = connection;
          if (client !== undefined) onGone?.(client.ref, client.client);
        },
        error: (socket) => void socket.terminate(),
      },
    });
    chmodSync(path, 0o600);
  }

  /** Takes no more requests, and waits until those that are under way were answered, at most for so long. */
  async close(drainMs: number): Promise<void> {
    this.#listener.stop(false);
    const open = [...this.#connections];
    for (const connection of open) connection.refuse();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, drainMs);
    await Promise.race([Promise.all(open.map((connection) => connection.settled())), promise]);
    clearTimeout(timer);
    this.#listener.stop(true);
    for (const connection of this.#connections) connection.terminate();
  }
}
