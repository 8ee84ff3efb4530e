import type { ApiAccess, Check } from "../../api/index.ts";
import { isLoopback } from "../../config/index.ts";
import type { TlsCredentials } from "../tls/index.ts";
import { Connections } from "./connections.ts";
import { type Listener, listen } from "./listen.ts";

export interface GrpcDoorOptions {
  readonly access: ApiAccess;
  readonly bind: string;
  readonly port: number;
  /** With certificates it speaks TLS alone; without, it opens on loopback only. */
  readonly tls?: { readonly credentials: TlsCredentials } | undefined;
  /** Why it must not open without TLS, where there are no certificates. */
  readonly shut?: string | undefined;
  /** This build, told in every answer. */
  readonly version: string;
  readonly onBug: (error: Error) => void;
  /** Told of every call that ended, with the name of its status. */
  readonly onEnd?: ((method: string, status: string, tookMs: number) => void) | undefined;
  readonly say: (level: "info" | "warn", message: string) => void;
}

/** The gRPC API on its port: for whoever has a token or a client certificate. */
export interface GrpcDoor {
  /** Whether it is open, for `solo health`. */
  check(): Check;
  close(): Promise<void>;
}

/**
 * Listens on the port. What speaks gRPC is loaded for the first connection: a kernel that nobody asks that way starts no later
 * and takes no more memory. A port that another program has is tried again until it is free.
 */
export function openGrpcDoor(options: GrpcDoorOptions): GrpcDoor {
  const { bind, port, say, tls } = options;
  const connections = new Connections(options);
  let listener: Listener | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let problem = refusalOf(options);
  const open = async () => {
    try {
      listener = await listen({ bind, port, credentials: tls?.credentials, connections });
      if (problem !== undefined) say("info", `the gRPC API listens on ${bind}:${port}`);
      problem = undefined;
    } catch (thrown) {
      const message = messageOf(thrown, bind, port);
      if (message !== problem) say("warn", message);
      problem = message;
      timer = setTimeout(() => void (opening = open()), retryMs);
      timer.unref();
    }
  };
  let opening: Promise<void> | undefined;
  if (problem === undefined) opening = open();
  else say("warn", problem);
  return {
    check: () => {
      const how = tls === undefined ? "" : tls.credentials.requireClient ? " (mutual TLS)" : " (TLS)";
      if (listener !== undefined) {
        return { name: "grpc", status: "healthy", message: `listens on ${bind}:${port}${how}` };
      }
      return { name: "grpc", status: "degraded", message: problem ?? `does not listen on ${bind}:${port} yet` };
    },
    close: async () => {
      clearTimeout(timer);
      await opening;
      clearTimeout(timer);
      const closed = listener?.close();
      await connections.close();
      await closed;
    },
  };
}

/** Why it does not open at all. */
function refusalOf({ bind, tls, shut }: GrpcDoorOptions): string | undefined {
  if (tls !== undefined) return undefined;
  return shut ?? (isLoopback(bind) ? undefined : notInTheOpen(bind));
}

function messageOf(thrown: unknown, bind: string, port: number): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "EADDRINUSE") {
    return `the gRPC API's port ${port} is taken by another program; trying again (solo.listen_port names another one)`;
  }
  return `the gRPC API can't listen on ${bind}:${port}: ${thrown instanceof Error ? thrown.message : thrown}`;
}

function notInTheOpen(bind: string): string {
  return `the gRPC API stays shut: on ${bind} others could read its tokens along the way, and there are no certificates for TLS (\`solo tls init\` makes them)`;
}

/** Between attempts to get the port while another program has it. */
const retryMs = 1_000;
