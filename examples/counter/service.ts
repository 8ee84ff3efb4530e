import { defineService } from "solo";

/** A counter in memory: `GET /` counts a visit, `GET /value` only looks, `DELETE /` begins again. */
let hits = 0;

export default defineService({
  start(ctx) {
    ctx.log.info("counting", { instance: ctx.instance });
  },
  health: () => ({ status: "healthy", message: `${hits} hits` }),
  fetch(request, ctx) {
    const { pathname } = new URL(request.url);
    if (request.method === "DELETE") hits = 0;
    else if (pathname === "/") hits += 1;
    else if (pathname !== "/value") return Response.json({ error: `no ${pathname} here` }, { status: 404 });
    return Response.json({ hits, instance: ctx.instance });
  },
  methods: {
    add(input: { by: number }) {
      hits += input.by;
      return { hits };
    },
  },
});
