import { hostVariables } from "../api/host-variables.ts";
import { ControlChannel } from "./control-channel.ts";
import { failStart } from "./failure.ts";
import { takeIdentity } from "./identity.ts";
import { prepareSource, runSource } from "./run-source.ts";

/**
 * Runs one instance of a service in this process (`solo __host KIND ENTRY ARGS…`). When it returns, the service is ready
 * and the process must be left to it; when the service can't start, the process ends with 70.
 *
 * @param argv `source` or `wasm`, the path of the artifact's entry, then the program's own arguments; or `early` and the
 * arguments, for a source whose entry the kernel tells later
 */
export async function runHost(argv: readonly string[]): Promise<void> {
  const [kind, ...rest] = argv;
  if (kind === "early") return runEarly(rest);
  const [entry, ...args] = rest;
  if ((kind !== "source" && kind !== "wasm") || entry === undefined) {
    throw new Error(`usage: __host source|wasm ENTRY [ARGS…], or __host early [ARGS…]; got ${argv.join(" ")}`);
  }
  const identity = takeIdentity(process.env);
  const channel = new ControlChannel(identity);
  try {
    if (kind === "source") {
      prepareSource();
      await runSource(channel, identity, entry, args);
    } else await (await import("./wasi/run.ts")).runWasm(channel, identity.service, entry, args);
  } catch (error) {
    await failStart(channel, error);
  }
}

async function runEarly(args: readonly string[]): Promise<void> {
  const identity = takeIdentity(process.env);
  const channel = new ControlChannel(identity);
  prepareSource();
  const { entry, revision } = await channel.order();
  process.env[hostVariables.revision] = revision;
  try {
    await runSource(channel, { ...identity, revision }, entry, args);
  } catch (error) {
    await failStart(channel, error);
  }
}
