import { existsSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Compiles a guest with clang (Debian: clang-14 lld-14 wasi-libc libclang-rt-14-dev-wasm32), once for each text. */
export function compileGuest(name: string): string {
  const source = join(import.meta.dir, `${name}.c`);
  const version = Bun.hash(readFileSync(source)).toString(36);
  const module = join(tmpdir(), `solo-guest-${name}-${version}.wasm`);
  if (existsSync(module)) return module;
  const unfinished = `${module}.${process.pid}`;
  const cmd = ["clang-14", "--target=wasm32-wasi", "--sysroot=/usr", "-O1", "-o", unfinished, source];
  const { success, stderr } = Bun.spawnSync({ cmd, stderr: "pipe" });
  if (!success) throw new Error(stderr.toString());
  renameSync(unfinished, module);
  return module;
}
