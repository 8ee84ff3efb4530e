import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SoloEnv } from "../support/index.ts";

/** What wrk saw. A connection that was reset, a timeout or a status other than 2xx or 3xx each count as failed. */
export interface Load {
  readonly requests: number;
  readonly failed: number;
  /** All that it said, for the message of a failing test. */
  readonly report: string;
}

/** Keeps `connections` busy with requests to a service, through the ingress, until `work` is done. */
export async function underLoad(
  env: SoloEnv,
  service: string,
  connections: number,
  work: () => Promise<void>,
): Promise<Load> {
  const header = `Host: ${service}.localhost:${env.ingressPort}`;
  const url = `http://127.0.0.1:${env.ingressPort}/`;
  const wrk = Bun.spawn(["wrk", "-t1", `-c${connections}`, `-d${longestSeconds}s`, "-H", header, url], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const report = new Response(wrk.stdout).text();
  try {
    await work();
  } finally {
    // wrk reports when it is interrupted, as it does at the end of its time.
    wrk.kill("SIGINT");
    await wrk.exited;
  }
  return readReport(await report);
}

function readReport(report: string): Load {
  const requests = Number(/(\d+) requests in/.exec(report)?.[1] ?? Number.NaN);
  const others = Number(/Non-2xx or 3xx responses: (\d+)/.exec(report)?.[1] ?? 0);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(report)?.slice(1) ?? [];
  return { requests, failed: errors.map(Number).reduce((sum, count) => sum + count, others), report };
}

/**
 * The source of a service that counts what it answers: each instance adds a file with its count to a folder when it is
 * stopped. The answer is `text`.
 */
export function countingService(folder: string, text: string): string {
  return `import { defineService } from "solo";
import { writeFileSync } from "node:fs";
let count = 0;
export default defineService({
  fetch() { count += 1; return new Response(${JSON.stringify(text)}); },
  stop(ctx) { writeFileSync(${JSON.stringify(folder)} + "/" + ctx.instance, String(count)); },
});`;
}

/** The sum of what the instances of a {@link countingService} counted. */
export function counted(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder)
    .map((name) => Number(readFileSync(join(folder, name), "utf8")))
    .reduce((sum, count) => sum + count, 0);
}

/** No test needs as long; bounds a load whose test died. */
const longestSeconds = 60;
