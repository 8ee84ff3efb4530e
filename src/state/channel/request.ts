import type { SoloError } from "../../api/error.ts";
import type { ServiceRef } from "../../api/index.ts";
import { pack, unpack } from "../../api/message-pack.ts";
import type { Mutation, ServiceState, StateDurability, View } from "../core/types.ts";

/** A request of a host, in the hands of whoever answers it. */
export interface StateRequest {
  readonly state: ServiceState;
  readonly ref: ServiceRef;
  readonly instance: string;
  /** The process that asks: a new one has a new name, and none ever has another's. */
  readonly client: string;
  /** Of a request that changes something: its number among those of the client. 0 for others. */
  readonly write: number;
}

/**
 * Answers one operation: what it returns goes to the host as MessagePack, what it throws as an error. The input is what came:
 * the handler checks it.
 */
export type StateHandler = (request: StateRequest, input: unknown) => unknown;

/** Answers an operation for which no state is needed, such as a call. `gone` is aborted when the connection is lost. */
export type PlainHandler = (
  request: Pick<StateRequest, "ref" | "instance" | "client"> & { readonly gone: AbortSignal },
  input: unknown,
) => unknown;

/** What `decide` of {@link applyOnce} settles on. */
export interface Decided<Output> {
  readonly mutations: readonly Mutation[];
  readonly output: Output;
}

/**
 * Commits for a request, once: when it is repeated, because its answer got lost, it gets the first answer again. A request
 * whose `decide` refuses is not remembered: it changed nothing.
 */
export async function applyOnce<Output>(
  { state, client, write, instance }: StateRequest,
  decide: (view: View) => Decided<Output> | SoloError,
  durability?: StateDurability,
): Promise<unknown> {
  let output: Output | undefined;
  const committed = await state.commit(
    (view) => {
      const decided = decide(view);
      if (!("mutations" in decided)) return decided;
      output = decided.output;
      return decided.mutations;
    },
    {
      origin: instance,
      durability,
      reply: write === 0 ? undefined : { client, sequence: write, answer: () => pack(output) },
    },
  );
  return committed.remembered === undefined ? output : unpack(committed.remembered);
}
