import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { type ApiAccess, type CapabilityCaller, maxUploadBytes, type ServiceCaller } from "../../api/index.ts";
import { createMcpServer } from "./server.ts";

export type SessionCaller = CapabilityCaller | ServiceCaller;

interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** Whose it is. */
  readonly owner: string;
}

export interface SessionsOptions {
  readonly access: ApiAccess;
  readonly version: string;
  readonly onBug: (error: Error) => void;
}

/** MCP over HTTP: each agent that connects has a session, which only the capability that began it can go on with. */
export class McpSessions {
  readonly #options: SessionsOptions;
  /** By id; whichever was used last is the last. */
  readonly #sessions = new Map<string, Session>();
  #isClosed = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** One HTTP request of MCP's streamable transport, from somebody who was found to be who he is. */
  async handle(request: Request, caller: SessionCaller): Promise<Response> {
    const id = request.headers.get("mcp-session-id");
    if (id === null) return this.#begin(request, caller);
    const session = this.#sessions.get(id);
    if (session === undefined || session.owner !== ownerOf(caller)) return noSession();
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session.transport.handleRequest(request);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#sessions.values()].map(({ transport }) => transport.close()));
  }

  async #begin(request: Request, caller: SessionCaller): Promise<Response> {
    const { access, version, onBug } = this.#options;
    if (this.#isClosed) return noSession();
    const owner = ownerOf(caller);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => this.#keep(id, { transport, owner }),
      maxRequestBodySize: maxMessageBytes,
      keepAliveMs,
    });
    const server = createMcpServer({
      reach: caller.capability,
      // In the audit trail every call of a tool is a request of its own.
      api: () => access.apiFor({ ...caller, request_id: crypto.randomUUID() }),
      version,
      onBug,
    });
    await server.connect(transport);
    server.onclose = () => {
      if (transport.sessionId !== undefined) this.#sessions.delete(transport.sessionId);
    };
    const response = await transport.handleRequest(request);
    if (transport.sessionId === undefined) await server.close();
    return response;
  }

  /** Where there are too many, the one that was not used for longest gives way: first of the same capability. */
  #keep(id: string, session: Session): void {
    this.#sessions.set(id, session);
    const own = [...this.#sessions.values()].filter(({ owner }) => owner === session.owner);
    const [oldest] = this.#sessions.values();
    const given = own.length > maxPerCapability ? own[0] : this.#sessions.size > maxSessions ? oldest : undefined;
    void given?.transport.close();
  }
}

/** Two callers with the same have the same rights. */
function ownerOf({ capability: { id, tenant, resource, permissions } }: SessionCaller): string {
  return JSON.stringify([id, tenant, resource, permissions]);
}

/** MCP: the client then begins a new session. */
function noSession(): Response {
  const error = { code: -32_001, message: "there is no such session; begin a new one" };
  return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 404 });
}

/** Shorter than the 10 s after which Bun's server ends a silent connection. */
const keepAliveMs = 4_000;
const maxSessions = 512;
const maxPerCapability = 32;
/** The largest upload, as base64, in its message. */
const maxMessageBytes = maxUploadBytes * 1.34 + 10_000;
