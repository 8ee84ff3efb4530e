import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Server } from "bun";
import fc from "fast-check";
import { Ingress } from "../../src/traffic/index.ts";
import { RawClient } from "../unit/traffic/raw-client.ts";

let server: Server<undefined>;
let ingress: Ingress;
beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    fetch: async (request) =>
      new Response(`<${new URL(request.url).pathname} ${request.method} ${await request.text()}>`),
  });
  ingress = Ingress.listen({ bind: "127.0.0.1", port: 0 });
  ingress.setRoute("default/app", ["app.localhost"]);
  ingress.addEndpoint("default/app", { id: "1", port: server.port ?? 0 });
});
afterAll(async () => {
  await ingress.close(0);
  await server.stop(true);
});

const text = fc.stringMatching(/^[a-z ]{0,60}$/);
const message = fc.oneof(
  fc.record({ method: fc.constant("GET"), body: fc.constant(""), framing: fc.constant("none") }),
  fc.record({ method: fc.constant("POST"), body: text, framing: fc.constant("length") }),
  fc.record({ method: fc.constant("PUT"), body: text, framing: fc.constant("chunked") }),
);
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

function encode({ method, body, framing }: Message, path: number): string {
  const head = `${method} /${path} HTTP/1.1\r\nHost: app.localhost\r\n`;
  if (framing === "none") return `${head}\r\n`;
  if (framing === "length") return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  const chunks = body.match(/.{1,7}/g) ?? [];
  const coded = chunks.map((chunk) => `${chunk.length.toString(16)};x=y\r\n${chunk}\r\n`).join("");
  return `${head}Transfer-Encoding: chunked\r\n\r\n${coded}0\r\nX-Trailer: 1\r\n\r\n`;
}

test("pipelined requests, however they are cut, reach a real server whole and are answered in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(2_000), { maxLength: 8 }),
      async (messages, cuts) => {
        const stream = messages.map(encode).join("");
        const places = [0, ...cuts.map((cut) => cut % stream.length).sort((a, b) => a - b), stream.length];
        const client = await RawClient.connect(ingress.port);
        for (let i = 1; i < places.length; i++) {
          client.send(stream.slice(places[i - 1], places[i]));
          // Lets the piece arrive as one of its own.
          await Bun.sleep(0);
        }
        const answers = () => client.received.match(/<[^>]*>/g) ?? [];
        await client.until("all answers", () => answers().length === messages.length);
        const wanted: string[] = messages.map(({ method, body }, i) => `</${i} ${method} ${body}>`);
        expect([...answers()]).toEqual(wanted);
        client.close();
      },
    ),
    { numRuns: 60 },
  );
}, 30_000);
