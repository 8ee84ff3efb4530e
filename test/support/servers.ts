import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, isListening } from "./ports.ts";
import { waitFor } from "./wait-for.ts";

/** The command line of an nginx in the foreground that answers `ok` on `port` and keeps all its files in `folder`. */
export function nginxCommand(folder: string, port: number): string[] {
  mkdirSync(folder, { recursive: true });
  const conf = join(folder, "nginx.conf");
  writeFileSync(
    conf,
    `daemon off; pid ${folder}/nginx.pid; worker_processes 1; error_log stderr;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen 127.0.0.1:${port}; location / { return 200 "ok\\n"; } }
}
`,
  );
  return ["/usr/sbin/nginx", "-p", folder, "-c", conf];
}

/** The command line of a redis-server that keeps everything in memory, or under `folder` what it must write. */
export function redisCommand(folder: string, port: number | "$PORT"): string[] {
  mkdirSync(folder, { recursive: true });
  return ["/usr/bin/redis-server", "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
}

/** A server that a test runs itself, beside Solo. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

export function startNginx(): Promise<Server> {
  return start(nginxCommand);
}

export function startRedis(): Promise<Server> {
  return start(redisCommand);
}

async function start(command: (folder: string, port: number) => string[]): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "solo-server-"));
  const port = freePort();
  const child = Bun.spawn({ cmd: command(folder, port), stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  await waitFor(() => isListening(port), { what: `a server on port ${port}` });
  return {
    port,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
