import { existsSync } from "node:fs";
import { checkProgram, type Result } from "./run.ts";

/** Programs that tests run for real, by Debian package, each with a file that shows it is there. */
const packages: Readonly<Record<string, string>> = {
  "bind9-dnsutils": "/usr/bin/dig",
  "btrfs-progs": "/usr/bin/btrfs",
  chromium: "/usr/bin/chromium",
  "clang-14": "/usr/bin/clang-14",
  curl: "/usr/bin/curl",
  faketime: "/usr/bin/faketime",
  fish: "/usr/bin/fish",
  "guile-3.0": "/usr/bin/guile",
  "libclang-rt-14-dev-wasm32": "/usr/lib/llvm-14/lib/clang/14.0.6/lib/wasi/libclang_rt.builtins-wasm32.a",
  "lld-14": "/usr/bin/wasm-ld-14",
  "nginx-light": "/usr/sbin/nginx",
  procps: "/usr/bin/ps",
  python3: "/usr/bin/python3",
  prometheus: "/usr/bin/promtool",
  "python3-grpcio": "/usr/lib/python3/dist-packages/grpc/__init__.py",
  "redis-server": "/usr/bin/redis-server",
  rsyslog: "/usr/sbin/rsyslogd",
  strace: "/usr/bin/strace",
  tmux: "/usr/bin/tmux",
  "wasi-libc": "/usr/include/wasm32-wasi/stdio.h",
  wrk: "/usr/bin/wrk",
  xfsprogs: "/usr/sbin/mkfs.xfs",
  zsh: "/usr/bin/zsh",
};

/** Installs the packages that are missing, and only then touches apt. */
export async function installPackages(): Promise<Result> {
  const missing = Object.entries(packages).flatMap(([name, file]) => (existsSync(file) ? [] : [name]));
  if (missing.length === 0) return { passed: 1, failed: 0 };
  console.log(`installing ${missing.join(" ")}`);
  const root = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"];
  const updated = await checkProgram([...root, ...quiet, "update"]);
  if (updated.failed > 0) return updated;
  return await checkProgram([...root, ...quiet, "install", "-y", "--no-install-recommends", ...missing]);
}
