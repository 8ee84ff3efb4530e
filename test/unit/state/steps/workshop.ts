import { afterEach } from "bun:test";
import { join } from "node:path";
import { pack, unpack } from "../../../../src/api/message-pack.ts";
import type { Budget } from "../../../../src/api/spec.ts";
import { openState, type ServiceState } from "../../../../src/state/index.ts";
import { type Caller, ServiceSteps } from "../../../../src/state/steps/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = temporaryFolder();
let count = 0;

/** Two instances of one service, and a state whose clock is set by hand. */
export class Workshop {
  now = Date.UTC(2026, 0, 1);
  /** By how much the machine's clock was set since. */
  setBy = 0;
  budget: Budget = {};
  readonly dead = new Set<string>();
  readonly folder: string;
  state: ServiceState | undefined;
  steps: ServiceSteps | undefined;

  static readonly one: Caller = { instance: "shop-1", process: "100" };
  static readonly other: Caller = { instance: "shop-2", process: "200" };

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Workshop> {
    const workshop = new Workshop(join(root, String(++count)));
    await workshop.reopen();
    opened.push(workshop);
    return workshop;
  }

  /** The kernel is replaced. */
  async reopen(): Promise<void> {
    await this.close();
    const clock = { now: () => this.now + this.setBy, monotonic: () => this.now };
    this.state = await openState(this.folder, { clock });
    this.steps = new ServiceSteps({
      ref: { tenant: "default", name: "shop" },
      state: this.state,
      clock,
      budget: () => this.budget,
      isAlive: (owner) => !this.dead.has(owner),
    });
  }

  async close(): Promise<void> {
    this.steps?.close();
    await this.state?.close();
    this.state = this.steps = undefined;
  }

  ask(operation: string, input: object, caller: Caller = Workshop.one): Promise<unknown> {
    if (this.steps === undefined) throw new Error("the workshop is closed");
    return this.steps.handle(operation, input, caller);
  }

  /** The process of an instance is gone. */
  kill({ instance, process }: Caller): void {
    this.dead.add(`${instance}/${process}`);
    this.steps?.recheck();
  }

  async effects(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for await (const { run, id, record } of this.steps?.effects() ?? []) found[`${run}/${id}`] = record.state;
    return found;
  }
}

export const bytes = (value: unknown) => pack(value);

/** What an answer's bytes say. */
export function valueIn(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null) return undefined;
  const value = "result" in answer ? answer.result : "value" in answer ? answer.value : undefined;
  return value instanceof Uint8Array ? unpack(value) : undefined;
}

const opened: Workshop[] = [];
afterEach(async () => {
  for (const workshop of opened.splice(0)) await workshop.close();
});
