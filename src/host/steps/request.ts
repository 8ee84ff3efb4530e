import { SoloError } from "../../api/error.ts";
import { unpack } from "../../api/message-pack.ts";
import type { StepOperation, StepOperations } from "../../api/steps.ts";
import type { StateChannel } from "../state/channel.ts";
import { encodeValue } from "../state/value.ts";

/** Requests about steps, over the state channel. Each may be sent again: the kernel knows by its names what was done. */
export class StepRequests {
  readonly #channel: Pick<StateChannel, "request">;
  readonly signal: AbortSignal;

  constructor(channel: Pick<StateChannel, "request">, signal: AbortSignal) {
    this.#channel = channel;
    this.signal = signal;
  }

  ask<Name extends StepOperation>(
    operation: Name,
    input: StepOperations[Name]["input"],
    bytes?: number,
  ): Promise<StepOperations[Name]["output"]>;
  ask(operation: string, input: object, bytes = 256): Promise<unknown> {
    return this.#channel.request(operation, input, { isWrite: false, bytes });
  }

  /** Asks until the answer is another one than `busy` or `pending`, however long a kernel is away. */
  async until<Name extends StepOperation>(
    operation: Name,
    input: StepOperations[Name]["input"],
    isOpen: (answer: StepOperations[Name]["output"]) => boolean,
  ): Promise<StepOperations[Name]["output"]> {
    for (;;) {
      const answer = await this.patiently(() => this.ask(operation, input));
      if (!isOpen(answer)) return answer;
    }
  }

  /** Repeats what no kernel answered, until the instance stops. */
  async patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await untilStopping(ask(), this.signal);
      } catch (error) {
        if (!(error instanceof SoloError) || error.code !== "unreachable") throw error;
      }
    }
  }
}

/** @throws SoloError `not_running` when the instance stops first */
export function untilStopping<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(isStopping());
  }
  return new Promise((resolve, reject) => {
    const stop = () => reject(isStopping());
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Longest reason that is told, in characters. */
const maxReason = 500;

export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, maxReason);
}

/** What a function returned, `undefined` included, as bytes. */
export function encodeResult(id: string, value: unknown): Uint8Array {
  return encodeValue(id, value === undefined ? [] : [value]);
}

/** The type is the caller's to know. */
export function decodeResult<Result>(bytes: Uint8Array): Result;
export function decodeResult(bytes: Uint8Array): unknown {
  const content = unpack(bytes);
  return Array.isArray(content) ? content[0] : undefined;
}

/** A value that somebody else packed. */
export function decodeSignal<Value>(bytes: Uint8Array): Value;
export function decodeSignal(bytes: Uint8Array): unknown {
  return unpack(bytes);
}

function isStopping(): SoloError {
  return new SoloError("not_running", "the instance stops: what it waited for goes on with the next one");
}
