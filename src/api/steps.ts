import { SoloError } from "./error.ts";
import { pack } from "./message-pack.ts";

/**
 * What a service's host asks of its kernel for durable steps. Values that are the service's own travel as the bytes of
 * their MessagePack: the kernel keeps them without looking in.
 */

/** Which step of which run; `""` is the service's own run, which never ends. */
export interface StepName {
  readonly run: string;
  readonly id: string;
}

/** What an effect may use, or used. Currency is in whatever unit the budget counts, to a millionth. */
export interface Cost {
  readonly calls?: number | undefined;
  readonly tokens?: number | undefined;
  readonly currency?: number | undefined;
  readonly wall_ms?: number | undefined;
}

export type FullCost = { readonly [Resource in keyof Cost]-?: number };

/** `busy`: another one is at it, ask again. `claimed`: it is the caller's to do. */
export type ClaimAnswer =
  | { readonly state: "done"; readonly result: Uint8Array }
  | {
      readonly state: "claimed";
      /** Of a run: nothing is recorded in it yet. */
      readonly is_fresh?: boolean;
    }
  | { readonly state: "busy" };

export type EffectAnswer =
  | { readonly state: "done"; readonly result: Uint8Array }
  | { readonly state: "go"; readonly key: string; readonly attempt: number }
  | { readonly state: "busy" };

/** How a dispatch went: `not_done` is known to have had no effect; `unknown` may have had one. */
export type EffectOutcome =
  | { readonly state: "done"; readonly result: Uint8Array; readonly spent: Cost; readonly elapsed_ms: number }
  | { readonly state: "not_done"; readonly reason: string }
  | { readonly state: "unknown"; readonly reason: string };

export type WaitAnswer =
  | { readonly state: "done"; readonly value: Uint8Array }
  | { readonly state: "timed_out" }
  | { readonly state: "pending" };

export interface UnfinishedRun {
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly begun: number;
}

/** How the work of a step or an effect went, as a span of what it was done in the course of. */
export interface StepTrace {
  /** Of the span: 16 hexadecimal digits, drawn by who did the work. */
  readonly span: string;
  readonly elapsed_ms: number;
  /** What it was done in the course of, in the form of `trace-parent.ts`; left out for what nobody asked for. */
  readonly parent?: string | undefined;
  /** Why it failed. */
  readonly error?: string | undefined;
}

interface Traced {
  readonly trace?: StepTrace | undefined;
}

/** Each request with its input and answer, by its name on the state channel. */
export interface StepOperations {
  "step.begin": { input: StepName; output: ClaimAnswer };
  /** Answers what is kept: the result of the first who finished. */
  "step.finish": { input: StepName & Traced & { result: Uint8Array }; output: { result: Uint8Array } };
  "step.abandon": { input: StepName & Traced; output: null };
  "run.begin": { input: { run: string }; output: ClaimAnswer };
  "run.finish": { input: { run: string; result: Uint8Array }; output: { result: Uint8Array } };
  "run.abandon": { input: { run: string }; output: null };
  "run.list": { input: { after?: string }; output: { runs: UnfinishedRun[] } };
  /** `token` tells one dispatch from another; a request that is sent again has the same. */
  "effect.begin": { input: StepName & { token: string; cost: Cost; repeatable: boolean }; output: EffectAnswer };
  "effect.finish": { input: StepName & Traced & { token: string; outcome: EffectOutcome }; output: null };
  /** The first to set a timer decides: later ones get its time. */
  "timer.set": { input: StepName & { until?: number; after_ms?: number }; output: { until: number; left_ms: number } };
  "signal.wait": { input: StepName & { name: string; timeout_ms?: number }; output: WaitAnswer };
}
export type StepOperation = keyof StepOperations;

/** Longest result of a step, run or effect, and longest value of a signal, as MessagePack. */
export const maxResultBytes = 1_000_000;

/** Results are kept as a list with one value, or none for `undefined`. */
export function packResult(value: unknown): Uint8Array {
  return pack(value === undefined ? [] : [value]);
}

/** Longest id of a run or step, name of a signal, in characters. */
export const maxStepIdLength = 200;

/** What ids and names may not have in them: control characters separate them in keys. */
const control = /[\u0000-\u001f\u007f]/;

/** @throws SoloError `invalid_request` for what can't name a run, a step or a signal */
export function checkStepId(what: string, id: unknown): string {
  if (typeof id === "string" && id !== "" && id.length <= maxStepIdLength && !control.test(id) && id.isWellFormed()) {
    return id;
  }
  throw new SoloError("invalid_request", `${what} can't be ${shown(id)}`, {
    hint: `give it 1 to ${maxStepIdLength} characters, none of them a control character`,
  });
}

function shown(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, maxStepIdLength))
    : `a value of type ${typeof value}`;
}
