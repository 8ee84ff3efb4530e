import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { SoloError } from "../../../api/error.ts";
import type { BuildOutput } from "../builder/job.ts";
import { publish } from "../publish.ts";
import { preview1Functions } from "./preview1.ts";

/** Largest module. An interpreter with its library has 10 to 40 MB. */
const maxModuleBytes = 134_217_728;

/** "\0asm", then the version and layer: https://webassembly.github.io/spec/core/binary/modules.html#binary-module */
const coreHeader = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const componentLayer = 1;

const namespace = "wasi_snapshot_preview1";

/**
 * Checks that a file is a WASI preview 1 command that the host can run, and publishes a copy of it.
 *
 * @throws SoloError `file_not_found`, `invalid_wasm` with what is wrong
 */
export async function checkModule(path: string, artifactsFolder: string): Promise<BuildOutput> {
  const bytes = await readModule(path);
  checkHeader(path, bytes);
  const module = await compile(path, bytes);
  checkImports(path, module);
  checkExports(path, module);
  const name = "module.wasm";
  const { digest, directory, cached } = await publish(artifactsFolder, "wasm", [{ name, bytes, digested: true }]);
  return { digest, entry: join(directory, name), mentionsPort: false, cached };
}

async function readModule(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats) throw new SoloError("file_not_found", `${path} does not exist`, { hint: "check the path" });
  if (!stats.isFile())
    throw new SoloError("invalid_wasm", `${path} is not a regular file`, {
      hint: "give the path of the .wasm file itself",
    });
  if (stats.size > maxModuleBytes) {
    throw new SoloError("invalid_wasm", `${path} has ${stats.size} bytes; at most ${maxModuleBytes} are accepted`, {
      hint: "leave out debug information (`-s`, or `wasm-strip`) and embedded data",
    });
  }
  return new Uint8Array(await readFile(path));
}

function checkHeader(path: string, bytes: Uint8Array): void {
  const differs = (from: number, to: number) =>
    coreHeader.slice(from, to).some((byte, at) => bytes[from + at] !== byte);
  if (differs(0, 4)) {
    throw new SoloError("invalid_wasm", `${path} is not a WebAssembly module: it does not begin with "\\0asm"`, {
      hint: "give the path of a compiled module (`clang --target=wasm32-wasi`, or Rust's wasm32-wasip1)",
    });
  }
  if (bytes[6] === componentLayer) {
    throw new SoloError("invalid_wasm", `${path} is a component; only core modules with WASI preview 1 are supported`, {
      hint: "compile for wasm32-wasip1 (Rust) or wasm32-wasi (clang), or take the core module out of the component",
    });
  }
  if (differs(4, 8))
    throw new SoloError("invalid_wasm", `${path} has an unknown version of the WebAssembly format`, {
      hint: "compile it for version 1 of the format",
    });
}

async function compile(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SoloError("invalid_wasm", `${path} does not compile: ${reason}`, {
      hint: "build it again: the file is damaged or incomplete",
      cause,
    });
  }
}

function checkImports(path: string, module: WebAssembly.Module): void {
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (from === namespace && kind === "function" && preview1Functions.has(name)) continue;
    throw new SoloError("invalid_wasm", `${path} imports ${kind} ${from}.${name}, which WASI preview 1 does not have`, {
      hint: "compile it as a WASI command, for example with `clang --target=wasm32-wasi` or for Rust's wasm32-wasip1",
    });
  }
}

function checkExports(path: string, module: WebAssembly.Module): void {
  const exported = WebAssembly.Module.exports(module).map(({ name, kind }) => `${kind} ${name}`);
  for (const needed of ["function _start", "memory memory"]) {
    if (exported.includes(needed)) continue;
    throw new SoloError("invalid_wasm", `${path} exports no ${needed}: it is not a program`, {
      hint: "compile it as a WASI command (with a main function), not as a library or reactor",
    });
  }
}
