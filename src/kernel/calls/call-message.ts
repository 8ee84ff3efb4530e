import { SoloError } from "../../api/index.ts";
import type { Instance, Trace } from "../../supervise/index.ts";
import type { Message } from "../../traffic/mailbox/index.ts";
import type { Taker } from "./mailboxes.ts";

export interface CallFacts {
  readonly sender: string;
  readonly method: string;
  readonly input: unknown;
  readonly trace: Trace;
  readonly clock: { monotonic(): number };
  readonly signal?: AbortSignal | undefined;
}

export interface Answered {
  readonly output: unknown;
  readonly instance: Instance;
}

/** A call in a mailbox, from there to its answer. It is delivered to one instance, once, or to none. */
export class CallMessage implements Message<Taker> {
  readonly #facts: CallFacts;
  readonly #settled = Promise.withResolvers<Answered>();
  readonly #delivered = Promise.withResolvers<void>();
  #isWaiting = true;

  constructor(facts: CallFacts) {
    this.#facts = facts;
  }

  get sender(): string {
    return this.#facts.sender;
  }

  get deadline(): number {
    return this.#facts.trace.deadline;
  }

  get signal(): AbortSignal | undefined {
    return this.#facts.signal;
  }

  /** Neither delivered nor dropped. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Resolves when it no longer waits. */
  get delivered(): Promise<void> {
    return this.#delivered.promise;
  }

  /** What the instance answered, or why it did not. */
  get settled(): Promise<Answered> {
    return this.#settled.promise;
  }

  remainingMs(): number {
    return Math.max(0, this.deadline - this.#facts.clock.monotonic());
  }

  async deliver({ instance }: Taker): Promise<void> {
    this.#leave();
    const { method, input, trace, signal } = this.#facts;
    try {
      const { process } = instance;
      if (process === undefined) throw new SoloError("unhealthy", `${instance.id} has no process`);
      const timeoutMs = Math.max(1, Math.ceil(this.remainingMs()));
      const output = await process.call(method, input, { timeoutMs, signal, trace });
      this.#settled.resolve({ output, instance });
    } catch (error) {
      this.#settled.reject(error);
    }
  }

  drop(reason: Error | "expired"): void {
    this.#leave();
    this.#settled.reject(reason === "expired" ? this.lateness() : reason);
  }

  /** Why one that was not delivered in time failed. */
  lateness(): SoloError {
    return new SoloError("timeout", "it was not delivered in time: every instance was busy, or none was ready", {
      hint: "nothing was done; `solo status` shows how many wait. More replicas, or a longer timeout, may help",
    });
  }

  #leave(): void {
    this.#isWaiting = false;
    this.#delivered.resolve();
  }
}
