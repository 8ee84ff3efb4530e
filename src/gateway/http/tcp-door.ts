import { type ApiAccess, type CertificateFacts, type Check, SoloError } from "../../api/index.ts";
import { isLoopback } from "../../config/index.ts";
import type { TlsCredentials } from "../tls/index.ts";
import { callerOf } from "./caller.ts";
import { closeServer } from "./close-server.ts";
import { handleRequest, maxRequestBytes, type RequestContext } from "./handle-request.ts";

export interface TcpDoorOptions {
  readonly access: ApiAccess;
  readonly bind: string;
  readonly port: number;
  /** With certificates it speaks TLS alone; without, it opens on loopback only. */
  readonly tls?: { readonly credentials: TlsCredentials; readonly folder: string } | undefined;
  /** Why it must not open without TLS, where there are no certificates. */
  readonly shut?: string | undefined;
  /** This build, told in every answer. */
  readonly version: string;
  /** What it serves; the HTTP API when nothing else is said. */
  readonly served?: Served | undefined;
  readonly onBug: (error: Error) => void;
  readonly say: (level: "info" | "warn", message: string) => void;
}

/** What a door is there for. */
export interface Served {
  /** Of its check in `solo health`. */
  readonly name: string;
  /** In sentences, such as `the HTTP API`. */
  readonly title: string;
  /** Of its port. */
  readonly setting: string;
  readonly handle: (request: Request, url: URL, context: RequestContext) => Promise<Response>;
}

const httpApi: Served = {
  name: "http",
  title: "the HTTP API",
  setting: "solo.http_port",
  handle: (request, url, context) =>
    url.pathname.startsWith("/v1/") ? handleRequest(request, context) : besides(request, url, context),
};

/** A way in over TCP: for whoever has a token or a client certificate. */
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
  const { bind, port, say, tls, served = httpApi } = options;
  const { name, title } = served;
  const closing = new AbortController();
  let listener: Listener | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let problem = refusalOf(options);
  const open = async () => {
    try {
      const listening = listen(options, closing);
      listener = listening instanceof Promise ? await listening : listening;
      if (problem !== undefined) say("info", `${title} listens on ${bind}:${port}`);
      problem = undefined;
    } catch (thrown) {
      const message = messageOf(thrown, options, served);
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
        return { name, status: "healthy", message: `listens on ${bind}:${port}${how}` };
      }
      return { name, status: "degraded", message: problem ?? `does not listen on ${bind}:${port} yet` };
    },
    close: async () => {
      clearTimeout(timer);
      await opening;
      clearTimeout(timer);
      if (listener === undefined) closing.abort();
      else await listener.close();
    },
  };
}

/** Why it does not open at all. */
function refusalOf({ bind, tls, shut, served = httpApi }: TcpDoorOptions): string | undefined {
  if (tls !== undefined) return undefined;
  return shut ?? (isLoopback(bind) ? undefined : notInTheOpen(served.title, bind));
}

interface Listener {
  close(): Promise<void>;
}

function listen(options: TcpDoorOptions, closing: AbortController): Listener | Promise<Listener> {
  const { bind, port, tls } = options;
  if (tls === undefined) {
    const server = Bun.serve({ hostname: bind, port, ...handlersOf(options, closing.signal) });
    return { close: () => closeServer(server, closing) };
  }
  const serve = (unix: string, certificate: CertificateFacts | undefined) =>
    Bun.serve({ unix, ...handlersOf(options, closing.signal, certificate) });
  return import("./tls-listener.ts").then(({ listenTls }) => listenTls({ bind, port, ...tls, closing, serve }));
}

function handlersOf(options: TcpDoorOptions, closing: AbortSignal, certificate?: CertificateFacts) {
  const { access, version, onBug, served = httpApi } = options;
  const authenticate: RequestContext["authenticate"] = (request, requestId) =>
    callerOf(request, requestId, { access, certificate });
  const context: RequestContext = { access, version, closing, onBug, authenticate };
  return {
    development: false,
    maxRequestBodySize: maxRequestBytes,
    fetch: async (request: Request, server: Bun.Server<undefined>) => {
      // Bun ends a silent connection after 10 s, but a stream may be silent for hours.
      server.timeout(request, 0);
      return served.handle(request, new URL(request.url), context);
    },
    error: (error: Error) => Response.json(SoloError.from(error).toDocument(), { status: 500 }),
  } as const;
}

/** What is there beside `/v1`, loaded when somebody asks for it. */
async function besides(request: Request, url: URL, context: RequestContext): Promise<Response> {
  if (url.pathname === "/openapi.json") {
    const { openApiDocument } = await import("./openapi/index.ts");
    return Response.json(openApiDocument(context.version));
  }
  if (url.pathname === "/mcp") {
    const { handleMcp } = await import("./mcp.ts");
    return handleMcp(request, url, context);
  }
  if (url.pathname === "/" || url.pathname.startsWith("/dashboard/")) {
    const { serveDashboard } = await import("./dashboard/index.ts");
    return serveDashboard(request, url.pathname);
  }
  const { handleRest } = await import("./rest/index.ts");
  return (await handleRest(request, url, context)) ?? handleRequest(request, context);
}

function messageOf(thrown: unknown, { bind, port }: TcpDoorOptions, { title, setting }: Served): string {
  const code = typeof thrown === "object" && thrown !== null && "code" in thrown ? thrown.code : undefined;
  if (code === "EADDRINUSE") {
    return `the port ${port} of ${title} is taken by another program; trying again (${setting} names another one)`;
  }
  return `${title} can't listen on ${bind}:${port}: ${SoloError.from(thrown).message}`;
}

function notInTheOpen(title: string, bind: string): string {
  return `${title} stays shut: on ${bind} others could read its tokens along the way, and there are no certificates for TLS (\`solo tls init\` makes them)`;
}

/** Between attempts to get the port while another program has it. */
const retryMs = 1_000;
