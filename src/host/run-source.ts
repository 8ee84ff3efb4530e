import { plugin } from "bun";
import type { ControlChannel } from "./control-channel.ts";
import { type HostServer, serveModule } from "./fetch-server.ts";
import type { Identity } from "./identity.ts";
import { type FetchModule, shapeOf } from "./module-shape.ts";
import { passOnEnvironment } from "./pass-on-environment.ts";
import { defineService } from "./sdk/index.ts";
import { stopOnSigterm } from "./stopping.ts";

/** How long a script that has begun waits for a kernel to take note before it runs on without. */
const flushTimeoutMs = 100;

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
  else if (shape.shape === "service") {
    const { runService } = await import("./run-service.ts");
    await runService(channel, shape.service, identity);
  } else await startScript(channel, entry, identity.port);
}

function startFetch(channel: ControlChannel, module: FetchModule, port: number): void {
  let server: HostServer | undefined;
  stopOnSigterm(async () => server?.drain());
  const reportReady = channel.reporter({ type: "ready", shape: "fetch", port, took_ms: performance.now() });
  server = serveModule(module, port, reportReady);
  channel.startHeartbeats(async () => undefined);
}

async function startScript(channel: ControlChannel, entry: string, expectedPort: number): Promise<void> {
  channel.startHeartbeats(async () => undefined);
  const { scriptPort } = await import("./script.ts");
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
