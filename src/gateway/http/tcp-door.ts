import { type ApiAccess, type Check, SoloError } from "../../api/index.ts";
import { isLoopback } from "../../config/index.ts";
import { callerOf } from "./caller.ts";
import { closeServer } from "./close-server.ts";
import { handleRequest, maxRequestBytes, type RequestContext } from "./handle-request.ts";

export interface TcpDoorOptions {
  readonly access: ApiAccess;
  readonly bind: string;
  readonly port: number;
  /** This build, told in every answer. */
  readonly version: string;
  readonly onBug: (error: Error) => void;
  readonly say: (level: "info" | "warn", message: string) => void;
}

/** A way in over TCP: for whoever has a token. */
export interface TcpDoor {
  /** Whether it is open, for `solo health`. */
  check(): Check;
  close(): Promise<void>;
}

/**
 * Opens the HTTP API. A port that another program has is tried again until it is free: services matter more than this door.
 * Where others than this machine could read along it stays shut.
 */
export function openTcpDoor(options: TcpDoorOptions): TcpDoor {
  const { bind, port, say } = options;
  const closing = new AbortController();
  let server: Bun.Server<undefined> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let problem: string | undefined;
  const open = () => {
    try {
      server = listen(options, closing.signal);
      if (problem !== undefined) say("info", `the HTTP API listens on ${bind}:${port}`);
      problem = undefined;
    } catch (thrown) {
      const message = messageOf(thrown, bind, port);
      if (message !== problem) say("warn", message);
      problem = message;
      timer = setTimeout(open, retryMs);
      timer.unref();
    }
  };
  if (isLoopback(bind)) open();
  else {
    problem = notInTheOpen(bind);
    say("warn", problem);
  }
  return {
    check: () => {
      if (problem === undefined) return { name: "http", status: "healthy", message: `listens on ${bind}:${port}` };
      return { name: "http", status: "degraded", message: problem };
    },
    close: async () => {
      clearTimeout(timer);
      if (server === undefined) closing.abort();
      else await closeServer(server, closing);
    },
  };
}

function listen({ access, bind, port, version, onBug }: TcpDoorOptions, closing: AbortSignal): Bun.Server<undefined> {
  const authenticate: RequestContext["authenticate"] = (request, requestId) => callerOf(request, requestId, { access });
  const context: RequestContext = { access, version, closing, onBug, authenticate };
  return Bun.serve({
    hostname: bind,
    port,
    development: false,
    maxRequestBodySize: maxRequestBytes,
    fetch: async (request, server) => {
      // Bun ends a silent connection after 10 s, but a stream may be silent for hours.
      server.timeout(request, 0);
      const url = new URL(request.url);
      return url.pathname.startsWith("/v1/") ? handleRequest(request, context) : besides(request, url, context);
    },
    error: (error) => Response.json(SoloError.from(error).toDocument(), { status: 500 }),
  });
}

/** What is there beside `/v1`, loaded when somebody asks for it. */
async function besides(request: Request, url: URL, context: RequestContext): Promise<Response> {
  if (url.pathname === "/openapi.json") {
    const { openApiDocument } = await import("./openapi/index.ts");
    return Response.json(openApiDocument(context.version));
  }
  const { handleRest } = await import("./rest/index.ts");
  return (await handleRest(request, url, context)) ?? handleRequest(request, context);
}

function messageOf(thrown: unknown, bind: string, port: number): string {
  const code = typeof thrown === "object" && thrown !== null && "code" in thrown ? thrown.code : undefined;
  if (code === "EADDRINUSE") {
    return `the HTTP API's port ${port} is taken by another program; trying again (solo.http_port names another one)`;
  }
  return `the HTTP API can't listen on ${bind}:${port}: ${SoloError.from(thrown).message}`;
}

function notInTheOpen(bind: string): string {
  return `the HTTP API stays shut: on ${bind} others could read its tokens along the way, and it has no TLS`;
}

/** Between attempts to get the port while another program has it. */
const retryMs = 1_000;
