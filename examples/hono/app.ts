import { Hono } from "hono";
import { streamSSE } from "hono/streaming";

const tickMs = 1_000;

const app = new Hono();

app.get("/", (c) => c.text("hello from Hono\n"));
app.get("/greet/:name", (c) => c.json({ greeting: `hello ${c.req.param("name")}` }));
app.post("/echo", async (c) => c.json(await c.req.json()));
app.get("/ticks", (c) =>
  streamSSE(c, async (stream) => {
    for (let tick = 1; !stream.aborted; tick++) {
      await stream.writeSSE({ data: String(tick) });
      await stream.sleep(tickMs);
    }
  }),
);

export default app;
