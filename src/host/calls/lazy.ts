import type { CallOptions, Calls, OfferOptions, SendOptions } from "../sdk/calls.ts";
import type { StateChannel } from "../state/channel.ts";

/** `ctx.call` and `ctx.send`, of which nothing is loaded before the first use. */
export function lazyCalls(channel: () => Promise<StateChannel>): Calls {
  let loading: Promise<Calls> | undefined;
  const load = () => {
    loading ??= Promise.all([channel(), import("./calls.ts")]).then(
      ([opened, { ServiceCalls }]) => new ServiceCalls(opened),
    );
    return loading;
  };
  return {
    call: async <Output>(service: string, method: string, input?: unknown, options?: CallOptions) =>
      (await load()).call<Output>(service, method, input, options),
    send: async (service: string, method: string, input?: unknown, options?: SendOptions) =>
      (await load()).send(service, method, input, options),
    offer: async (methods: readonly string[], options?: OfferOptions) => (await load()).offer(methods, options),
  };
}
