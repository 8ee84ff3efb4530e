import type { Identity } from "../identity.ts";
import type { KeyRange, State, StateEntry, Transaction, WriteOptions } from "../sdk/service.ts";
import type { StateChannel } from "./channel.ts";
import { CheckedView } from "./checked.ts";

/** The state channel, of which nothing is loaded or opened before it is asked for. */
export function lazyChannel(identity: Identity): () => Promise<StateChannel> {
  let loading: Promise<StateChannel> | undefined;
  return () => {
    loading ??= import("./index.ts").then(({ sharedChannel }) => sharedChannel(identity));
    return loading;
  };
}

/** `ctx.state`, which is loaded with its first use. */
export function lazyState(channel: () => Promise<StateChannel>, signal: AbortSignal): State {
  let loading: Promise<State> | undefined;
  const load = () => {
    loading ??= Promise.all([channel(), import("./index.ts")]).then(
      ([opened, { ChannelState }]) => new ChannelState(opened, signal),
    );
    return loading;
  };
  const state: State = {
    get: async <Value>(key: string) => (await load()).get<Value>(key),
    entry: async <Value>(key: string) => (await load()).entry<Value>(key),
    set: async (key, value, options) => (await load()).set(key, value, options),
    delete: async (key, options) => (await load()).delete(key, options),
    update: async <Value>(
      key: string,
      change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
      options?: WriteOptions,
    ) => (await load()).update<Value>(key, change, options),
    increment: async (key, by, options) => (await load()).increment(key, by, options),
    async *scan<Value>(range?: KeyRange): AsyncGenerator<StateEntry<Value>> {
      yield* (await load()).scan<Value>(range);
    },
    async *watch<Value>(options?: { prefix?: string; after?: number }) {
      yield* (await load()).watch<Value>(options);
    },
    transaction: async <Result>(run: (transaction: Transaction) => Result | Promise<Result>, options?: WriteOptions) =>
      (await load()).transaction(run, options),
    checked: (schema) => new CheckedView(state, schema),
  };
  return state;
}
