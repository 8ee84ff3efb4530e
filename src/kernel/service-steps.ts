import { type Budget, type ServiceRef, serviceKey } from "../api/index.ts";
import { type EndedStep, type ServiceState, ServiceSteps, type StateHandler, stepOperations } from "../state/index.ts";
import type { Clock } from "../system/index.ts";

export interface StepsOptions {
  readonly clock: Clock;
  readonly open: (ref: ServiceRef) => Promise<ServiceState>;
  /** Of the revision that is wanted now. */
  readonly budgetOf: (ref: ServiceRef) => Budget;
  /** Pid of the process that an instance has now; null for none, and for one that is not known. */
  readonly pidOf: (ref: ServiceRef, instance: string) => number | null;
  /** Told of every step and effect whose work has ended. */
  readonly onEnded?: (ref: ServiceRef, instance: string, ended: EndedStep) => void;
}

/** The durable steps of every service, on the states that are open. */
export class StepsOfServices {
  readonly #options: StepsOptions;
  readonly #known = new Map<string, { readonly state: ServiceState; readonly steps: ServiceSteps }>();
  #closed = false;

  constructor(options: StepsOptions) {
    this.#options = options;
  }

  async open(ref: ServiceRef): Promise<ServiceSteps> {
    return this.of(ref, await this.#options.open(ref));
  }

  /** Those of a state; a state that was opened anew has new ones. */
  of(ref: ServiceRef, state: ServiceState): ServiceSteps {
    const key = serviceKey(ref);
    const known = this.#known.get(key);
    if (known?.state === state) return known.steps;
    known?.steps.close();
    const { clock, budgetOf, pidOf, onEnded } = this.#options;
    const isAlive = (owner: string) => {
      const { instance, pid } = processOf(owner);
      // A kernel that closes lets go of processes that live on: it knows of none any more that it has ended.
      return this.#closed || pidOf(ref, instance) === pid;
    };
    const steps = new ServiceSteps({
      ref,
      state,
      clock,
      budget: () => budgetOf(ref),
      isAlive,
      onEnded: ({ instance }, ended) => onEnded?.(ref, instance, ended),
    });
    this.#known.set(key, { state, steps });
    return steps;
  }

  /** Answers a port agent. */
  async forAgent(
    ref: ServiceRef,
    { instance, pid }: { readonly instance: string; readonly pid: number },
    operation: string,
    input: unknown,
  ): Promise<unknown> {
    return (await this.open(ref)).handle(operation, input, { instance, process: `${pid}.agent` });
  }

  /** Something changed about the instances of a service. */
  recheck(ref: ServiceRef): void {
    this.#known.get(serviceKey(ref))?.steps.recheck();
  }

  /** The state of a service was replaced, as by a restore. */
  replaced(ref: ServiceRef): void {
    this.#known.get(serviceKey(ref))?.steps.replaced();
  }

  /** A service is no more. */
  forget(ref: ServiceRef): void {
    const key = serviceKey(ref);
    this.#known.get(key)?.steps.close();
    this.#known.delete(key);
  }

  /** Answers on the state channel. */
  handlers(): Readonly<Record<string, StateHandler>> {
    return Object.fromEntries(
      stepOperations.map((operation): [string, StateHandler] => [
        operation,
        ({ ref, state, instance, client }, input) =>
          this.of(ref, state).handle(operation, input, { instance, process: client.slice(instance.length + 1) }),
      ]),
    );
  }

  /** Lets every host that waits ask the next kernel. */
  close(): void {
    this.#closed = true;
    for (const { steps } of this.#known.values()) steps.close();
    this.#known.clear();
  }
}

/** `INSTANCE/PID.ID`, as a host names its process. */
export function processOf(owner: string): { readonly instance: string; readonly pid: number } {
  const at = owner.indexOf("/");
  return { instance: owner.slice(0, at), pid: Number.parseInt(owner.slice(at + 1), 10) };
}
