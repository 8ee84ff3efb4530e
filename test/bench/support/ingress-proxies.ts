import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../support/index.ts";
import { untilAnswers } from "./answers.ts";

export interface Proxies {
  /** Where each listens. */
  readonly ports: Readonly<Record<"nginx" | "haproxy" | "caddy", number>>;
  stop(): Promise<void>;
}

/** Starts every proxy in front of an upstream on this machine, each with one worker and kept-alive connections. */
export async function startProxies(folder: string, upstream: number): Promise<Proxies> {
  const [nginx = 0, haproxy = 0, caddy = 0] = freePorts(3);
  const commands = [
    nginxCommand(join(folder, "nginx"), nginxProxy(nginx, upstream)),
    haproxyCommand(folder, haproxy, upstream),
    caddyCommand(folder, caddy, upstream),
  ];
  const env = { ...process.env, HOME: folder };
  const processes = commands.map((command) => Bun.spawn(command, { env, stdout: "ignore", stderr: "ignore" }));
  const ports = { nginx, haproxy, caddy };
  const stop = async () => {
    for (const process of processes) process.kill();
    await Promise.all(processes.map((process) => process.exited));
  };
  try {
    for (const port of Object.values(ports)) await untilAnswers(port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports, stop };
}

/** An nginx that answers every request by itself. */
export function upstreamCommand(folder: string, port: number): string[] {
  return nginxCommand(folder, `server { listen 127.0.0.1:${port}; location / { return 200 "hello world\\n"; } }`);
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
