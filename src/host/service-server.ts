import { duringCall } from "./calls/under-way.ts";
import { drain, type HostServer, listenOptions } from "./fetch-server.ts";
import type { Context, Service } from "./sdk/index.ts";

/** Serves the `fetch` of `defineService`. */
export function serveService(service: Service, ctx: Context, port: number): HostServer | undefined {
  if (!service.fetch) return undefined;
  const answer = service.fetch.bind(service);
  const server = Bun.serve({
    ...listenOptions(port),
    fetch: (request: Request) => answerTraced(request, () => answer(request, ctx)),
  });
  return { port, drain: () => drain(server, new Set()) };
}

/** What a request calls in turn belongs to its trace, if one is recorded. */
function answerTraced<Result>(request: Request, answer: () => Result): Result {
  const traceparent = request.headers.get("traceparent");
  return traceparent === null ? answer() : duringCall(traceparent, answer);
}
