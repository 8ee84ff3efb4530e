import { defineService } from "solo";

/** A counter that outlives restarts: `GET /` counts a visit, `GET /value` only looks, `DELETE /` begins again. */
export default defineService({
  start(ctx) {
    ctx.log.info("counting", { instance: ctx.instance });
  },
  health: () => ({ status: "healthy" }),
  async fetch(request, ctx) {
    const { pathname } = new URL(request.url);
    let hits: number;
    if (request.method === "DELETE") {
      await ctx.state.delete("hits");
      hits = 0;
    } else if (pathname === "/") hits = await ctx.state.increment("hits");
    else if (pathname === "/value") hits = (await ctx.state.get<number>("hits")) ?? 0;
    else return Response.json({ error: `no ${pathname} here` }, { status: 404 });
    return Response.json({ hits, instance: ctx.instance });
  },
  methods: {
    async add(input: { by: number }, ctx) {
      return { hits: await ctx.state.increment("hits", input.by) };
    },
  },
});
