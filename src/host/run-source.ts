import { plugin } from "bun";
import { callMethod } from "./call-method.ts";
import { createContext } from "./context.ts";
import type { ControlChannel } from "./control-channel.ts";
import { type HostServer, serveModule, serveService } from "./fetch-server.ts";
import { healthReporter } from "./health-reporter.ts";
import type { Identity } from "./identity.ts";
import { type FetchModule, shapeOf } from "./module-shape.ts";
import { passOnEnvironment } from "./pass-on-environment.ts";
import { scriptPort } from "./script.ts";
import { defineService, type Service } from "./sdk/index.ts";
import { stopOnSigterm } from "./stopping.ts";

/** How long a script that has begun waits for a kernel to take note before it runs on without. */
const flushTimeoutMs = 100;

/** An instance that serves nothing on a port is kept alive by this timer; it has nothing to do. */
const keepAliveMs = 2_147_483_647;

/** What can be done before it is known which module is to be run. */
export function prepareSource(): void {
  passOnEnvironment();
  offerSdk();
}

/**
 * Imports the bundled module and starts what its shape asks for. Returns when the instance is ready; what keeps the
 * process alive from then on is the service itself.
 *
 * @throws whatever the service's code throws while it starts
 */
export async function runSource(channel: ControlChannel, identity: Identity, entry: string, args: readonly string[]) {
  pretendMain(entry, args);
  const module: unknown = await import(entry);
  const shape = shapeOf(typeof module === "object" && module && "default" in module ? module.default : undefined);
  if (shape.shape === "fetch") startFetch(channel, shape.module, identity.port);
  else if (shape.shape === "service") await startService(channel, shape.service, identity);
  else await startScript(channel, entry, identity.port);
}

function startFetch(channel: ControlChannel, module: FetchModule, port: number): void {
  const server = serveModule(module, port);
  stopOnSigterm(() => server.drain());
  channel.startHeartbeats(async () => undefined);
  channel.report({ type: "ready", shape: "fetch", port, took_ms: performance.now() });
}

async function startService(channel: ControlChannel, service: Service, identity: Identity): Promise<void> {
  const controller = new AbortController();
  const ctx = createContext(identity, controller.signal);
  let server: HostServer | undefined;
  stopOnSigterm(async () => {
    controller.abort();
    await server?.drain();
    await service.stop?.(ctx);
  });
  setInterval(() => {}, keepAliveMs);
  if (service.migrate !== undefined) {
    const state = await import("./state/index.ts");
    await state.migrate(service, ctx.state, state.sharedChannel(identity));
  }
  await service.start?.(ctx);
  channel.answerCalls((call) => callMethod(service, ctx, call));
  server = serveService(service, ctx, identity.port);
  channel.startHeartbeats(healthReporter(service, ctx));
  channel.report({ type: "ready", shape: "service", port: server?.port ?? null, took_ms: performance.now() });
}

async function startScript(channel: ControlChannel, entry: string, expectedPort: number): Promise<void> {
  channel.startHeartbeats(async () => undefined);
  const port = await scriptPort(entry, expectedPort);
  channel.report({ type: "ready", shape: "script", port, took_ms: performance.now() });
  await channel.flushed(flushTimeoutMs);
}

/** Bundles leave `import … from "solo"` as it is; this answers it. */
function offerSdk(): void {
  plugin({
    name: "solo",
    setup(build) {
      build.module("solo", () => ({ exports: { defineService }, loader: "object" }));
    },
  });
}

/** `process.argv`, `Bun.main` and `import.meta.main` as if the module had been started by itself. */
function pretendMain(entry: string, args: readonly string[]): void {
  process.argv = [process.execPath, entry, ...args];
  Object.assign(Bun, { main: entry });
}
