/** A program that knows nothing of Solo: it listens where `PORT` says. */
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT ?? 3000),
  routes: {
    "/": () => new Response("hello\n"),
    "/health": () => Response.json({ status: "healthy" }),
    "/time": () => Response.json({ time: new Date().toISOString() }),
  },
  fetch: () => new Response("not found\n", { status: 404 }),
});

console.log(`listening on ${server.url}`);
