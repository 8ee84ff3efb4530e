import type { Socket } from "bun";
import { z } from "zod";
import { tidy } from "./statistics.ts";

/**
 * A process of its own that follows a service's log on many connections, as server-sent events: `bun sse-followers.ts PORT PATH
 * TOKEN COUNT`. It prints `ready` when each of them has seen a line, and at the end what each has seen of the numbered lines
 * `n=NUMBER t=MILLISECONDS`, of which the last is `n=end`.
 */

/**
 * What all of them have seen, as the process prints it: how many saw the last line, how many lines they saw together, how many
 * of these came twice or behind a missing one, and how long it took from a line's print to its arrival.
 */
export const seenSchema = z.object({
  ended: z.int(),
  lines: z.int(),
  wrong: z.int(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  mostMs: z.number(),
});

class Follower {
  next = 0;
  wrong = 0;
  lines = 0;
  isReady = false;
  hasEnded = false;
  #rest = "";

  /** Chunks of HTTP end where events end or in the midst of one: their sizes are lines that are no data. */
  take(bytes: Buffer, delays: number[]): void {
    const text = this.#rest + bytes.toString("latin1");
    const end = text.lastIndexOf("}\n\n");
    if (end < 0) {
      this.#rest = text;
      return;
    }
    this.#rest = text.slice(end + 3);
    const now = Date.now();
    for (const [, number, time] of text.slice(0, end).matchAll(/"message":"n=(\w+)(?: t=(\d+))?/g)) {
      this.isReady = true;
      if (number === "wait") continue;
      if (number === "end") {
        this.hasEnded = true;
        continue;
      }
      this.lines += 1;
      if (Number(number) !== this.next) this.wrong += 1;
      this.next = Number(number) + 1;
      delays.push(now - Number(time));
    }
  }
}

if (import.meta.main) await follow();

async function follow(): Promise<void> {
  const [port = "", path = "", token = "", count = ""] = process.argv.slice(2);
  const followers = Array.from({ length: Number(count) }, () => new Follower());
  const delays: number[] = [];
  const head = [
    `GET ${path} HTTP/1.1`,
    "Host: localhost",
    `Authorization: Bearer ${token}`,
    "Accept: text/event-stream",
  ];
  const sockets: Socket<Follower>[] = [];
  for (const data of followers) {
    sockets.push(
      await Bun.connect({
        hostname: "127.0.0.1",
        port: Number(port),
        data,
        socket: {
          open: (socket) => void socket.write(`${head.join("\r\n")}\r\n\r\n`),
          data: (socket, bytes) => socket.data.take(bytes, delays),
        },
      }),
    );
  }
  await until(() => followers.every(({ isReady }) => isReady));
  console.log("ready");
  await until(() => followers.every(({ hasEnded }) => hasEnded));
  const sorted = Float64Array.from(delays).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const seen: z.infer<typeof seenSchema> = {
    ended: followers.filter(({ hasEnded }) => hasEnded).length,
    lines: followers.reduce((sum, { lines }) => sum + lines, 0),
    wrong: followers.reduce((sum, { wrong }) => sum + wrong, 0),
    ...{ p50Ms: tidy(at(0.5)), p99Ms: tidy(at(0.99)), mostMs: tidy(at(1)) },
  };
  console.log(JSON.stringify(seen));
  for (const socket of sockets) socket.terminate();
}

/** Given up after so long: what was seen until then is told. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!isSo() && Date.now() < deadline) await Bun.sleep(20);
}
