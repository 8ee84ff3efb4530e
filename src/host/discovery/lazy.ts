import type { Discovery, RegisterOptions } from "../sdk/discovery.ts";
import type { StateChannel } from "../state/channel.ts";

/** `ctx.discover` and `ctx.register`, of which nothing is loaded before the first use. */
export function lazyDiscovery(channel: () => Promise<StateChannel>, signal: AbortSignal): Discovery {
  let loading: Promise<Discovery> | undefined;
  const load = () => {
    loading ??= Promise.all([channel(), import("./discovery.ts")]).then(
      ([opened, { ServiceDiscovery }]) => new ServiceDiscovery(opened, signal),
    );
    return loading;
  };
  return {
    discover: async (name: string, filters?: Readonly<Record<string, string>>) =>
      (await load()).discover(name, filters),
    register: async (name: string, options?: RegisterOptions) => (await load()).register(name, options),
  };
}
