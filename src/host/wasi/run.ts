import { constants, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { hostVariables } from "../../api/host-variables.ts";
import type { ControlChannel } from "../control-channel.ts";
import { HostDirectory } from "./host-directory.ts";
import { createWasi } from "./imports.ts";
import { EmptyInput, HostOutput } from "./stdio.ts";

/** How long a module that is about to run waits for a kernel to take note. */
const flushTimeoutMs = 100;

/** 128 + SIGABRT: what a shell shows of a native program that aborts. A trap is WebAssembly's abort. */
const trapExitCode = 134;

/**
 * Runs a WASI preview 1 command to its end in this process, and ends the process with the module's exit code. The module
 * holds the thread while it runs: SIGTERM then ends the process at once, as it does a program without a handler.
 *
 * @param name the module's `argv[0]`
 * @throws when the module can't be instantiated or a preopened folder can't be opened
 */
export async function runWasm(channel: ControlChannel, name: string, entry: string, args: readonly string[]) {
  const { [hostVariables.token]: token, [hostVariables.secrets]: secrets } = process.env;
  const own = [...(token === undefined ? [] : [dirname(token)]), ...(secrets === undefined ? [] : [secrets])];
  const folders = openPreopens(process.env[hostVariables.preopens] ?? "{}", own);
  delete process.env[hostVariables.preopens];
  const env = Object.entries(process.env).map(([key, value]) => `${key}=${value}`);
  const wasi = createWasi([name, ...args], env, [new EmptyInput(), new HostOutput(1), new HostOutput(2), ...folders]);
  const module = await WebAssembly.compile(await readFile(entry));
  const { exports } = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
  if (!isCommand(exports))
    throw new Error("the module exports no _start function and memory: it is not a WASI command");
  channel.report({ type: "ready", shape: "wasm", port: null, took_ms: performance.now() });
  await channel.flushed(flushTimeoutMs);
  process.exit(execute(() => wasi.start({ exports })));
}

function execute(start: () => number): number {
  try {
    return start();
  } catch (error) {
    console.error(error);
    return trapExitCode;
  }
}

function isCommand(
  exports: WebAssembly.Exports,
): exports is WebAssembly.Exports & { memory: WebAssembly.Memory; _start: () => unknown } {
  return exports.memory instanceof WebAssembly.Memory && typeof exports._start === "function";
}

/** The folders that the module was given, and those of its token and secrets, under their own names. */
function openPreopens(json: string, own: readonly string[]): HostDirectory[] {
  const given: unknown = JSON.parse(json);
  const preopens = { ...Object.fromEntries(own.map((folder) => [folder, folder])), ...(given ?? {}) };
  return Object.entries(preopens).map(([guest, host]) => {
    try {
      return new HostDirectory(openSync(String(host), constants.O_RDONLY | constants.O_DIRECTORY), guest);
    } catch (cause) {
      throw new Error(`the preopened folder ${host} (${guest} to the module) can't be opened`, { cause });
    }
  });
}
