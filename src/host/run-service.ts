import { callMethod } from "./call-method.ts";
import { createContext } from "./context.ts";
import type { ControlChannel } from "./control-channel.ts";
import type { HostServer } from "./fetch-server.ts";
import { healthReporter } from "./health-reporter.ts";
import type { Identity } from "./identity.ts";
import type { Service } from "./sdk/index.ts";
import { serveService } from "./service-server.ts";
import { stopOnSigterm } from "./stopping.ts";

/** An instance that serves nothing on a port is kept alive by this timer; it has nothing to do. */
const keepAliveMs = 2_147_483_647;

/**
 * Starts what went through `defineService`. Loaded only for such a service: with all that `ctx` offers it takes as long as
 * the rest of a host.
 * @throws whatever the service's code throws while it starts
 */
export async function runService(channel: ControlChannel, service: Service, identity: Identity): Promise<void> {
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
