import { type ApiAccess, type CertificateFacts, SoloError } from "../../api/index.ts";
import { type Door, openDoor } from "../shared/index.ts";
import { type Exposure, mannerOf, refusalOf, type TlsCredentials } from "../tls/index.ts";
import { callerOf } from "./caller.ts";
import { closeServer } from "./close-server.ts";
import { isStream } from "./framing.ts";
import { handleRequest, maxRequestBytes, type RequestContext, reported } from "./handle-request.ts";
import { problem } from "./problem.ts";
import { requestIdOf } from "./request-id.ts";
import { type RequestUrl, urlOf } from "./request-url.ts";

export interface TcpDoorOptions extends Exposure {
  readonly access: ApiAccess;
  readonly port: number;
  /** `folder`: of the sockets behind TLS. */
  readonly tls?: { readonly credentials: TlsCredentials; readonly folder: string } | undefined;
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
  readonly handle: (request: Request, url: RequestUrl, context: RequestContext) => Response | Promise<Response>;
}

const httpApi: Served = {
  name: "http",
  title: "the HTTP API",
  setting: "solo.http_port",
  handle: (request, url, context) =>
    url.pathname.startsWith("/v1/") ? handleRequest(request, context, url) : besides(request, url, context),
};

/**
 * Opens the HTTP API, or what else is served, for whoever has a token or a client certificate. Where others than this machine
 * could read along it stays shut.
 */
export function openTcpDoor(options: TcpDoorOptions): Door {
  const { bind, port, say, served = httpApi } = options;
  const { name, title, setting } = served;
  const closing = new AbortController();
  return openDoor<Listener>({
    name,
    title,
    setting,
    port: `the port ${port} of ${title}`,
    address: `${bind}:${port}`,
    manner: mannerOf(options),
    shut: refusalOf(title, options),
    say,
    listen: () => listen(options, closing),
    close: (listener) => (listener === undefined ? closing.abort() : listener.close()),
  });
}

interface Listener {
  close(): Promise<void>;
}

function listen(options: TcpDoorOptions, closing: AbortController): Listener | Promise<Listener> {
  const { bind, port, tls } = options;
  if (tls === undefined) {
    // Bun shares the port with other programs of the same user where `development` is off: their clients would land here.
    const server = Bun.serve({ hostname: bind, port, reusePort: false, ...handlersOf(options, closing.signal) });
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
    fetch: (request: Request, server: Bun.Server<undefined>) => {
      const answered = (answer: Response) => {
        // Streams stay as long as both sides do.
        if (!isStream(answer)) server.timeout(request, idleSeconds);
        return answer;
      };
      const failed = (thrown: unknown) =>
        answered(problem(reported(thrown, context), { version, requestId: requestIdOf(request) }));
      try {
        const answer = served.handle(request, urlOf(request), context);
        if (!(answer instanceof Promise)) return answered(answer);
        // Bun ends a silent connection after 10 s, but an answer may take hours.
        server.timeout(request, 0);
        return answer.then(answered, failed);
      } catch (thrown) {
        return failed(thrown);
      }
    },
    error: (error: Error) => Response.json(SoloError.from(error).toDocument(), { status: 500 }),
  } as const;
}

/** For how long a connection may be silent after an answer: longer than clients keep one for their next request. */
const idleSeconds = 120;

/** What is there beside `/v1`, loaded when somebody asks for it. */
async function besides(request: Request, url: RequestUrl, context: RequestContext): Promise<Response> {
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
  return (await handleRest(request, url, context)) ?? handleRequest(request, context, url);
}
