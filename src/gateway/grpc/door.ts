import type { ApiAccess } from "../../api/index.ts";
import { type Door, openDoor } from "../shared/index.ts";
import { type Exposure, mannerOf, refusalOf } from "../tls/index.ts";
import { Connections } from "./connections.ts";
import { listen } from "./listen.ts";

export interface GrpcDoorOptions extends Exposure {
  readonly access: ApiAccess;
  readonly port: number;
  /** This build, told in every answer. */
  readonly version: string;
  readonly onBug: (error: Error) => void;
  /** Told of every call that ended, with the name of its status. */
  readonly onEnd?: ((method: string, status: string, tookMs: number) => void) | undefined;
  readonly say: (level: "info" | "warn", message: string) => void;
}

/**
 * The gRPC API on its port: for whoever has a token or a client certificate. What speaks gRPC is loaded for the first
 * connection: a kernel that nobody asks that way starts no later and takes no more memory.
 */
export function openGrpcDoor(options: GrpcDoorOptions): Door {
  const { bind, port, say, tls } = options;
  const connections = new Connections(options);
  const title = "the gRPC API";
  return openDoor({
    name: "grpc",
    title,
    setting: "solo.listen_port",
    port: `${title}'s port ${port}`,
    address: `${bind}:${port}`,
    manner: mannerOf(options),
    shut: refusalOf(title, options),
    say,
    listen: () => listen({ bind, port, credentials: tls?.credentials, connections }),
    close: async (listener) => {
      const closed = listener?.close();
      await connections.close();
      await closed;
    },
  });
}
