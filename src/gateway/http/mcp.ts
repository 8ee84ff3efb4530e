import { type ApiAccess, SoloError } from "../../api/index.ts";
import type { McpSessions } from "../mcp/index.ts";
import { bodyText } from "./body-text.ts";
import { recognised } from "./framing.ts";
import { type RequestContext, reported } from "./handle-request.ts";
import { problem } from "./problem.ts";
import { requestIdOf } from "./request-id.ts";
import type { RequestUrl } from "./request-url.ts";

/**
 * `/mcp`: the operations as tools for agents, for whoever shows a token or a client certificate with a role. Loaded, with the
 * protocol, when the first one comes.
 */
export async function handleMcp(request: Request, url: RequestUrl, context: RequestContext): Promise<Response> {
  const requestId = requestIdOf(request);
  try {
    checkOrigin(request, url);
    const caller = context.authenticate(request, requestId);
    if (caller.kind === "anonymous" || caller.kind === "owner") {
      throw new SoloError("unauthenticated", "MCP over HTTP needs the token of a capability", {
        hint: "send `Authorization: Bearer TOKEN`; `solo capability grant --resource tenant --role viewer` makes one",
      });
    }
    const whole = request.method === "POST" ? withBody(request, await bodyText(request)) : request;
    return recognised(await (await sessionsOf(context)).handle(whole, caller));
  } catch (thrown) {
    return problem(reported(thrown, context), { version: context.version, requestId });
  }
}

/** Read here, where it has to come in time. */
function withBody({ url, method, headers, signal }: Request, body: string): Request {
  return new Request(url, { method, headers, signal, body });
}

/**
 * A page of another site in somebody's browser must not reach it, also not by a name that leads here (DNS rebinding).
 * @throws SoloError `forbidden`
 */
function checkOrigin(request: Request, url: RequestUrl): void {
  const origin = request.headers.get("origin");
  if (origin === null || (URL.canParse(origin) && new URL(origin).host === url.host)) return;
  throw new SoloError("forbidden", `pages of ${origin} may not use this`);
}

/** One set of sessions of each kernel, which ends with the door that it was first asked for at. */
function sessionsOf({ access, version, onBug, closing }: RequestContext): Promise<McpSessions> {
  const present = sessions.get(access);
  if (present !== undefined) return present;
  const made = import("../mcp/index.ts").then((mcp) => {
    const opened = new mcp.McpSessions({ access, version, onBug });
    closing.addEventListener("abort", () => void opened.close(), { once: true });
    return opened;
  });
  sessions.set(access, made);
  return made;
}

const sessions = new WeakMap<ApiAccess, Promise<McpSessions>>();
