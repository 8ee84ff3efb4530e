import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Proxies {
  /** Where each listens: `direct` is the upstream itself. */
  readonly ports: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/**
 * Starts an nginx as upstream and every proxy in front of it, each with one worker and kept-alive connections.
 *
 * @param soloCommand a command line that serves the ingress on `$PORT` for `$UPSTREAM`; by default the source, run by Bun
 */
export async function startProxies(folder: string, soloCommand?: string): Promise<Proxies> {
  const [direct, solo, nginx, haproxy, caddy] = [freePort(), freePort(), freePort(), freePort(), freePort()];
  const serveIngress = join(import.meta.dir, "fixtures", "serve-ingress.ts");
  const commands = [
    nginxCommand(
      join(folder, "upstream"),
      `server { listen 127.0.0.1:${direct}; location / { return 200 "hello world\\n"; } }`,
    ),
    soloCommand?.split(" ") ?? [process.execPath, "run", serveIngress],
    nginxCommand(join(folder, "nginx"), nginxProxy(nginx, direct)),
    haproxyCommand(folder, haproxy, direct),
    caddyCommand(folder, caddy, direct),
  ];
  const env = { ...process.env, PORT: String(solo), UPSTREAM: String(direct), HOME: folder };
  const processes = commands.map((command) => Bun.spawn(command, { env, stdout: "ignore", stderr: "ignore" }));
  const ports = { direct, solo, nginx, haproxy, caddy };
  const stop = async () => {
    for (const process of processes) process.kill();
    await Promise.all(processes.map((process) => process.exited));
  };
  try {
    for (const [name, port] of Object.entries(ports)) await answering(name, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports, stop };
}

function nginxCommand(prefix: string, http: string): string[] {
  mkdirSync(join(prefix, "temp"), { recursive: true });
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path temp/${name};`);
  const config = [
    "daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit;",
    "events { worker_connections 4096; }",
    `http { access_log off; keepalive_requests 100000000; ${paths.join(" ")} ${http} }`,
  ].join("\n");
  writeFileSync(join(prefix, "nginx.conf"), config);
  return ["/usr/sbin/nginx", "-p", prefix, "-c", join(prefix, "nginx.conf"), "-e", "stderr"];
}

function nginxProxy(port: number, upstream: number): string {
  const forward =
    "proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Forwarded-Proto http;";
  return `upstream up { server 127.0.0.1:${upstream}; keepalive 256; keepalive_requests 100000000; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; ${forward} } }`;
}

function haproxyCommand(folder: string, port: number, upstream: number): string[] {
  const config = `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend up
backend up
  server s1 127.0.0.1:${upstream}
`;
  writeFileSync(join(folder, "haproxy.cfg"), config);
  return ["/usr/sbin/haproxy", "-db", "-f", join(folder, "haproxy.cfg")];
}

function caddyCommand(folder: string, port: number, upstream: number): string[] {
  const config = `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstream}
}
`;
  writeFileSync(join(folder, "Caddyfile"), config);
  return ["caddy", "run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"];
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function answering(name: string, port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    const status = await fetch(`http://127.0.0.1:${port}/`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await Bun.sleep(20);
  }
  throw new Error(`${name} does not answer on port ${port}`);
}
