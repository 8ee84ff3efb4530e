import { SoloError } from "../../api/error.ts";
import { maxWatches } from "../../api/state-channel.ts";
import type { ServiceState, StateChange } from "../core/types.ts";
import type { AnswerQueue } from "./answer-queue.ts";
import { InputReader } from "./check-input.ts";

/** With more bytes unread by the host than this, a watch waits. */
const waitBytes = 2 ** 20;

/** The watches of one connection. They end with it; the host begins them again where they were. */
export class Watches {
  readonly #answers: AnswerQueue;
  readonly #open = new Map<number, AbortController>();

  constructor(answers: AnswerQueue) {
    this.#answers = answers;
  }

  /** `[watch, prefix, after]` → the position that it begins behind. */
  begin(state: ServiceState, input: unknown): number {
    const read = new InputReader("watch", input);
    const [watch, prefix, after] = [read.number(), read.text(), read.optionalCount() ?? state.position];
    if (this.#open.size >= maxWatches) {
      throw new SoloError("limit_exceeded", `an instance has at most ${maxWatches} watches`, {
        hint: "one watch with a shorter prefix can take the place of several",
      });
    }
    if (this.#open.has(watch)) throw new SoloError("invalid_request", `watch ${watch} is under way`);
    const abort = new AbortController();
    this.#open.set(watch, abort);
    void this.#follow(watch, state.watch("data", { prefix, after, signal: abort.signal }), abort.signal);
    return after;
  }

  /** `[watch]`. */
  end(input: unknown): boolean {
    const watch = new InputReader("unwatch", input).number();
    this.#open.get(watch)?.abort();
    return this.#open.delete(watch);
  }

  stop(): void {
    for (const abort of this.#open.values()) abort.abort();
    this.#open.clear();
  }

  async #follow(watch: number, changes: AsyncIterable<StateChange>, signal: AbortSignal): Promise<void> {
    try {
      for await (const { position, time, key, op, value } of changes) {
        if (signal.aborted) return;
        this.#answers.add(-watch, null, [position, time, key, op, value ?? null]);
        while (this.#answers.bytes > waitBytes) await this.#answers.sent();
      }
    } catch (error) {
      if (!signal.aborted) this.#answers.add(-watch, SoloError.from(error), null);
      this.#open.delete(watch);
    }
  }
}
