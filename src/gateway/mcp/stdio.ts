import { once } from "node:events";
import { LineTransport } from "./line-transport.ts";
import { createMcpServer, type McpOptions } from "./server.ts";

/** Speaks MCP on this process's standard input and output, until the input ends or the signal is aborted. */
export async function serveStdio({ signal, ...options }: McpOptions & { readonly signal: AbortSignal }): Promise<void> {
  const server = createMcpServer(options);
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
  });
  const write = async (line: string) => {
    if (!process.stdout.write(line)) await once(process.stdout, "drain");
  };
  const close = () => void server.close();
  signal.addEventListener("abort", close, { once: true });
  // Nobody reads answers any more: there is nothing left to do.
  process.stdout.once("error", close);
  await server.connect(new LineTransport(process.stdin, write));
  if (signal.aborted) close();
  await closed;
}
