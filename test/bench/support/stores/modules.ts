import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Fixed, so that figures of different days compare. */
const packages = { lmdb: "3.4.2", "classic-level": "3.0.0", rocksdb: "5.2.1" } as const;

/** A peer's module, out of a cache of their own: they are no dependency of Solo. */
export async function peerModule<T>(name: keyof typeof packages): Promise<T> {
  return await import(join(await installed(), name));
}

async function installed(): Promise<string> {
  const prefix = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "solo-bench", "stores-2");
  const modules = join(prefix, "node_modules");
  if (Object.keys(packages).every((name) => existsSync(join(modules, name)))) return modules;
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const cmd = ["npm", "install", "--prefix", prefix, "--no-audit", "--no-fund", "--loglevel=error", ...wanted];
  const child = Bun.spawn({ cmd, stdin: "ignore", stdout: "ignore", stderr: "inherit" });
  if ((await child.exited) !== 0) throw new Error(`${cmd.join(" ")} failed`);
  return modules;
}
