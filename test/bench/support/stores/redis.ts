import { existsSync } from "node:fs";
import { join } from "node:path";
import { RedisClient } from "bun";
import type { EngineOptions, StoreEngine } from "./engine.ts";

/** Longest time until the server answers, in milliseconds. */
const startMs = 10_000;

/** A server of its own over a unix socket, asked by the client of Bun, which pipelines. It saves nothing. */
export async function redis(folder: string, _: EngineOptions): Promise<StoreEngine> {
  const socket = join(folder, "redis.sock");
  const nothing = ["--save", "", "--appendonly", "no"];
  const cmd = ["redis-server", "--port", "0", "--unixsocket", socket, "--dir", folder, ...nothing];
  const server = Bun.spawn({ cmd, stdin: "ignore", stdout: "ignore", stderr: "inherit" });
  for (const started = performance.now(); !existsSync(socket); await Bun.sleep(5)) {
    if (server.exitCode !== null || performance.now() - started > startMs) throw new Error("redis-server didn't start");
  }
  const client = new RedisClient(`redis+unix://${socket}`);
  await client.connect();
  const get = (key: string) => client.getBuffer(key);
  const put = (key: string, value: Uint8Array) => client.set(key, value);
  return {
    name: "Redis",
    get,
    put,
    putMany: (keys, value) => Promise.all(keys.map((key) => put(key, value))),
    update: (key, value) => get(key).then(() => put(key, value)),
    async close() {
      client.close();
      server.kill();
      await server.exited;
    },
  };
}
