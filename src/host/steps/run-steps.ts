import { SoloError } from "../../api/error.ts";
import { checkStepId } from "../../api/steps.ts";
import type { Duration, EffectOptions, Retry, Run } from "../sdk/steps.ts";
import { milliseconds } from "./duration.ts";
import { performEffect } from "./effect.ts";
import { decodeResult, decodeSignal, encodeResult, reasonOf, type StepRequests, untilStopping } from "./request.ts";
import { StepSpan } from "./span.ts";

/** Between attempts of a step, at most. */
const maxPauseMs = 60_000;
const defaultPauseMs = 100;

/** Longest time that one timer of the runtime holds. */
const longestTimerMs = 2 ** 31 - 1;

/** The steps of one run. */
export class RunSteps implements Run {
  readonly id: string;
  readonly #requests: StepRequests;
  /** What this process is at, so that nobody does it twice at a time. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  /** Steps that this process has begun in a run that had no record when it took it: of others there is none to ask for. */
  readonly #begun: Set<string> | undefined;

  /**
   * @param id of the run; empty for the service's own
   * @param isFresh whether the run is this process's alone, and nothing was recorded in it before
   */
  constructor(requests: StepRequests, id: string, isFresh = false) {
    this.#requests = requests;
    this.id = id;
    this.#begun = isFresh ? new Set() : undefined;
  }

  step<Result>(id: string, work: () => Result | Promise<Result>, options: { retry?: Retry } = {}): Promise<Result> {
    return this.#once("step", id, () => this.#step(id, work, options.retry));
  }

  effect<Result>(
    id: string,
    work: Parameters<typeof performEffect<Result>>[3],
    options: EffectOptions = {},
  ): Promise<Result> {
    return this.#once("effect", id, () => performEffect(this.#requests, this.id, id, work, options));
  }

  async sleep(id: string, until: Duration | Date): Promise<void> {
    const name = { run: this.id, id: checkStepId("the id of a timer", id) };
    const due = until instanceof Date ? { until: until.getTime() } : { after_ms: milliseconds("a pause", until) };
    const timer = await this.#requests.ask("timer.set", { ...name, ...due });
    const begun = performance.now();
    // A moment is one of the machine's clock. A duration is one even when that is set meanwhile.
    const leftMs = () =>
      until instanceof Date ? timer.until - Date.now() : timer.left_ms - (performance.now() - begun);
    for (let left = leftMs(); left > 0; left = leftMs()) {
      await pause(Math.min(left, longestTimerMs), this.#requests.signal);
    }
  }

  waitFor<Value>(name: string, options: { id?: string; timeout?: Duration } = {}): Promise<Value> {
    const { id = name, timeout } = options;
    return this.#once("wait", id, async () => {
      const input = {
        run: this.id,
        id: checkStepId("the id of a wait", id),
        name: checkStepId("the name of a signal", name),
        ...(timeout !== undefined && { timeout_ms: milliseconds("a timeout", timeout) }),
      };
      const answer = await this.#requests.until("signal.wait", input, ({ state }) => state === "pending");
      if (answer.state === "done") return decodeSignal<Value>(answer.value);
      throw new SoloError("timeout", `no signal ${JSON.stringify(name)} came in time`, {
        details: { signal: name, id },
      });
    });
  }

  async #step<Result>(id: string, work: () => Result | Promise<Result>, retry: Retry | undefined): Promise<Result> {
    const name = { run: this.id, id: checkStepId("the id of a step", id) };
    const isFirst = this.#begun !== undefined && !this.#begun.has(id);
    this.#begun?.add(id);
    if (!isFirst) {
      const answer = await this.#requests.until("step.begin", name, ({ state }) => state === "busy");
      if (answer.state === "done") return decodeResult<Result>(answer.result);
    }
    const span = new StepSpan();
    let result: Uint8Array;
    try {
      result = encodeResult(id, await span.during(() => attempt(work, retry, this.#requests.signal)));
    } catch (error) {
      // Whether the kernel hears of it or not: it finds out by the end of this process at the latest.
      this.#requests.ask("step.abandon", { ...name, trace: span.ended(reasonOf(error)) }).catch(() => undefined);
      throw error;
    }
    const finished = { ...name, result, trace: span.ended() };
    const kept = await this.#requests.ask("step.finish", finished, result.length + 512);
    return decodeResult<Result>(kept.result);
  }

  /** Two calls for one thing at a time are one. */
  #once<Result>(kind: string, id: string, begin: () => Promise<Result>): Promise<Result>;
  #once(kind: string, id: string, begin: () => Promise<unknown>): Promise<unknown> {
    const key = `${kind}:${id}`;
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const begun = begin().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, begun);
    return begun;
  }
}

async function attempt<Result>(
  work: () => Result | Promise<Result>,
  { attempts, delay = defaultPauseMs }: Retry = { attempts: 1 },
  signal: AbortSignal,
): Promise<Result> {
  let next = milliseconds("the pause before another attempt", delay);
  for (let left = attempts; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left <= 1 || signal.aborted) throw error;
    }
    await pause(Math.min(next, maxPauseMs), signal);
    next *= 2;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await untilStopping(promise, signal);
  } finally {
    clearTimeout(timer);
  }
}
