/**
 * A process with a server that does nothing but answer: what Bun's HTTP server costs by itself, with a client on the same cores.
 * `bun bare-server.ts STATUS BYTES` prints its port.
 */
if (import.meta.main) {
  const [status = "200", bytes = "0"] = process.argv.slice(2);
  const body = "x".repeat(Number(bytes));
  const init = { status: Number(status), headers: { "content-type": "application/json", "retry-after": "1" } };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    fetch: () => new Response(body, init),
  });
  console.log(server.port);
}

/** The server in a process of its own. Take it with `await using`. */
export async function bareServer(status: number, bytes: number): Promise<AsyncDisposable & { readonly url: string }> {
  const child = Bun.spawn([process.execPath, import.meta.path, String(status), String(bytes)], { stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  return {
    url: `http://127.0.0.1:${Buffer.from(value ?? [])
      .toString()
      .trim()}/`,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
