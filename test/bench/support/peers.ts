import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const debian = {
  nginx: { package: "nginx-light", file: "/usr/sbin/nginx" },
  haproxy: { package: "haproxy", file: "/usr/sbin/haproxy" },
  caddy: { package: "caddy", file: "/usr/bin/caddy" },
  redis: { package: "redis-server", file: "/usr/bin/redis-server" },
  supervisord: { package: "supervisor", file: "/usr/bin/supervisord" },
  h2load: { package: "nghttp2-client", file: "/usr/bin/h2load" },
  chromium: { package: "chromium", file: "/usr/bin/chromium" },
  wrk: { package: "wrk", file: "/usr/bin/wrk" },
} as const;

export type Peer = keyof typeof debian | "pm2";

/** Fixed, so that figures of different days compare. */
const pm2Version = "7.0.4";

/** Installs what is missing of the programs that benchmarks compare with. @throws when that fails */
export async function installPeers(peers: readonly Peer[]): Promise<void> {
  const packages = peers.flatMap((peer) =>
    peer === "pm2" || existsSync(debian[peer].file) ? [] : [debian[peer].package],
  );
  if (packages.length > 0) await installPackages([...new Set(packages)]);
  if (peers.includes("pm2") && !existsSync(pm2Path())) await installPm2();
}

/** In a cache of its own: neither a dependency of Solo nor a program of the machine's. */
export function pm2Path(): string {
  return join(pm2Prefix(), "node_modules", "pm2", "bin", "pm2");
}

function pm2Prefix(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "solo-bench", `pm2-${pm2Version}`);
}

async function installPm2(): Promise<void> {
  await must([
    "npm",
    "install",
    "--prefix",
    pm2Prefix(),
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    `pm2@${pm2Version}`,
  ]);
}

async function installPackages(packages: readonly string[]): Promise<void> {
  const root = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const quiet = [...root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"];
  await must([...quiet, "update"]);
  await must([...quiet, "install", "-y", "--no-install-recommends", ...packages]);
}

async function must(command: readonly string[]): Promise<void> {
  console.error(`$ ${command.join(" ")}`);
  const child = Bun.spawn({ cmd: [...command], stdin: "ignore", stdout: "ignore", stderr: "inherit" });
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed`);
}
