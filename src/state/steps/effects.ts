import { SoloError } from "../../api/error.ts";
import { serviceKey } from "../../api/index.ts";
import type { Cost, EffectAnswer, EffectOutcome, StepName } from "../../api/steps.ts";
import type { Mutation, View } from "../core/types.ts";
import { amountsOf, nothing, release, reserve, settle } from "./budget.ts";
import { lostReason, noSuch, notUnknown, resolvedAsFailed, superseded, tooMany, unknown } from "./effect-errors.ts";
import { effectAt, idempotencyKey, identityOf, usageOf } from "./effect-records.ts";
import { runKey, stepKey } from "./key.ts";
import { maxEffects } from "./limits.ts";
import { type Caller, ownerOf, type StepParts } from "./parts.ts";
import { type EffectRecord, effectRecord, put, read, remove, usageKey } from "./records.ts";
import { checkResult, hasEnded } from "./steps.ts";

type BeginRequest = StepName & { token: string; cost: Cost; repeatable: boolean };

/** How somebody who looked decided what became of an effect. */
export type Resolution =
  | { readonly as: "done"; readonly result: Uint8Array }
  | { readonly as: "failed" }
  | { readonly as: "retry" };

export interface ListedEffect extends StepName {
  readonly record: EffectRecord;
}

/**
 * Effects outside of the service. That one is about to be dispatched is durable before it is, together with what it may
 * cost; one whose outcome nobody recorded is never dispatched again by itself.
 */
export class Effects {
  readonly #parts: StepParts;

  constructor(parts: StepParts) {
    this.#parts = parts;
  }

  /**
   * Leave to dispatch, or the result there is.
   * @throws SoloError `outcome_unknown` for one that was dispatched and never reported, `budget_exhausted`, `failed` for
   * one that somebody resolved so
   */
  async begin(caller: Caller, request: BeginRequest): Promise<EffectAnswer> {
    const { claims } = this.#parts;
    for (let held = false; ; held = true) {
      const answer = await this.#attempt(caller, request);
      if (answer.state !== "busy" || held) return answer;
      await claims.changed(waitKey(request));
    }
  }

  /** Keeps how a dispatch went, and what it used. */
  async finish(caller: Caller, request: StepName & { token: string; outcome: EffectOutcome }): Promise<void> {
    const { outcome, token } = request;
    if (outcome.state === "done") checkResult(`effect ${JSON.stringify(request.id)}`, outcome.result);
    const key = stepKey(request);
    await this.#parts.state.commit(
      (view) => {
        const record = effectAt(view, key);
        if (record?.token !== token) return superseded(request);
        if (record.state === "done") return [];
        // Whoever resolved it meanwhile knew less than the one who did it; but what is only unknown changes nothing.
        const isOpen = record.state === "pending" || record.state === "unknown";
        return isOpen || outcome.state === "done" ? this.#settled(view, request, record, outcome) : [];
      },
      { origin: caller.instance, durability: "sync" },
    );
    this.#changed(request);
  }

  /**
   * Decides what became of an effect of unknown outcome.
   * @throws SoloError `not_found`, or `conflict` for one that is known or under way
   */
  async resolve(name: StepName, resolution: Resolution): Promise<ListedEffect> {
    if (resolution.as === "done") checkResult(`effect ${JSON.stringify(name.id)}`, resolution.result);
    const key = stepKey(name);
    const resolved: { record?: EffectRecord } = {};
    await this.#parts.state.commit(
      (view) => {
        const record = effectAt(view, key);
        if (record === undefined) return noSuch(name);
        const target = resolution.as;
        resolved.record = record;
        if (record.state === target) return [];
        const seen = this.#stateOf(record);
        if (seen !== "unknown") return notUnknown(name, seen);
        const ended = view.time;
        const reason = `resolved as ${target}`;
        const settled =
          resolution.as === "done"
            ? { result: resolution.result, spent: record.reserved }
            : { result: null, spent: null };
        const after: EffectRecord = { ...record, ...settled, state: target, ended, reserved: nothing, reason };
        resolved.record = after;
        const before = usageOf(view);
        const usage =
          resolution.as === "done"
            ? settle(before, this.#parts.budget(), record.reserved, record.reserved, view.time)
            : release(before, record.reserved);
        return [put("budget", usageKey, usage), ...this.#kept(view, name, after)];
      },
      { origin: "operator", durability: "sync" },
    );
    this.#changed(name);
    if (resolved.record === undefined) throw noSuch(name);
    return { ...name, record: resolved.record };
  }

  /** Every effect that is kept, with the state as it is seen from here: what nobody does any more is of unknown outcome. */
  async *list(nameOf: (key: string) => StepName): AsyncGenerator<ListedEffect> {
    for await (const { key, ...stored } of this.#parts.state.scan("effect")) {
      const record = read(effectRecord, stored);
      yield { ...nameOf(key), record: { ...record, state: this.#stateOf(record) } };
    }
  }

  async #attempt(caller: Caller, request: BeginRequest): Promise<EffectAnswer> {
    const key = stepKey(request);
    const owner = ownerOf(caller);
    let answer: EffectAnswer = { state: "busy" };
    let lost: SoloError | undefined;
    let isNew = false;
    await this.#parts.state.commit(
      (view) => {
        isNew = false;
        const record = effectAt(view, key);
        if (record === undefined || record.state === "retry") {
          const dispatch = this.#dispatch(view, owner, request, record);
          if (dispatch instanceof SoloError) return dispatch;
          answer = { state: "go", key: dispatch.record.key, attempt: dispatch.record.attempt };
          isNew = record === undefined;
          return dispatch.mutations;
        }
        if (record.state === "done" && record.result !== null) {
          answer = { state: "done", result: record.result };
          return [];
        }
        if (record.state === "failed") return resolvedAsFailed(request);
        if (record.state === "unknown" && !request.repeatable) return unknown(this.#parts.ref, request, record);
        if (record.state === "pending" && record.token === request.token) {
          // The same request again: its answer was lost, so nothing was dispatched yet.
          answer = { state: "go", key: record.key, attempt: record.attempt };
          return [];
        }
        if (record.state === "pending" && record.owner !== owner && this.#parts.isAlive(record.owner)) {
          answer = { state: "busy" };
          return [];
        }
        if (request.repeatable) {
          const again = this.#dispatch(view, owner, request, record);
          if (again instanceof SoloError) return again;
          answer = { state: "go", key: again.record.key, attempt: again.record.attempt };
          return again.mutations;
        }
        const found: EffectRecord = { ...record, state: "unknown", ended: view.time, reason: lostReason };
        lost = unknown(this.#parts.ref, request, found);
        return [put("effect", key, found)];
      },
      { origin: caller.instance, durability: "sync" },
    );
    if (lost !== undefined) throw lost;
    if (isNew) this.#parts.tally.add("effect", "", 1);
    return answer;
  }

  #dispatch(
    view: View,
    owner: string,
    { run, id, token, cost }: BeginRequest,
    before: EffectRecord | undefined,
  ): { readonly record: EffectRecord; readonly mutations: Mutation[] } | SoloError {
    const refused = hasEnded(view.get("step", runKey(run)), run) ?? (before === undefined ? this.#isFull() : undefined);
    if (refused !== undefined) return refused;
    const reserved = amountsOf(cost);
    const budget = this.#parts.budget();
    // An attempt that nobody heard of again may have used all that it was given.
    const lost = before?.reserved ?? nothing;
    const usage = reserve(settle(usageOf(view), budget, lost, lost, view.time), budget, reserved, view.time);
    if (usage instanceof SoloError) return usage;
    const { identity, mutations } = identityOf(view);
    const name = { run, id };
    const record: EffectRecord = {
      state: "pending",
      key: before?.key ?? idempotencyKey(identity, serviceKey(this.#parts.ref), name),
      attempt: (before?.attempt ?? 0) + 1,
      token,
      owner,
      begun: view.time,
      ended: null,
      reserved,
      spent: null,
      result: null,
      reason: null,
    };
    return {
      record,
      mutations: [...mutations, put("effect", stepKey(name), record), put("budget", usageKey, usage)],
    };
  }

  #settled(view: View, name: StepName, record: EffectRecord, outcome: EffectOutcome): Mutation[] {
    const ended = view.time;
    if (outcome.state === "unknown") {
      return [put("effect", stepKey(name), { ...record, state: "unknown", ended, reason: outcome.reason })];
    }
    if (outcome.state === "not_done") {
      const usage = release(usageOf(view), record.reserved);
      const after: EffectRecord = { ...record, state: "retry", ended, reserved: nothing, reason: outcome.reason };
      return [put("budget", usageKey, usage), ...this.#kept(view, name, after)];
    }
    const { calls, tokens, currency } = amountsOf(outcome.spent);
    const spent = { calls, tokens, currency, wall_ms: Math.ceil(outcome.elapsed_ms) };
    const usage = settle(usageOf(view), this.#parts.budget(), record.reserved, spent, view.time);
    const { result } = outcome;
    const after: EffectRecord = { ...record, state: "done", ended, spent, reserved: nothing, result, reason: null };
    return [put("budget", usageKey, usage), ...this.#kept(view, name, after)];
  }

  /** The record, or none where its run is over and nobody will ask for it. */
  #kept(view: View, name: StepName, record: EffectRecord): Mutation[] {
    const key = stepKey(name);
    const isOver = hasEnded(view.get("step", runKey(name.run)), name.run) !== undefined;
    return [isOver ? remove("effect", key) : put("effect", key, record)];
  }

  #stateOf(record: EffectRecord): EffectRecord["state"] {
    return record.state === "pending" && !this.#parts.isAlive(record.owner) ? "unknown" : record.state;
  }

  #changed(name: StepName): void {
    this.#parts.tally.forget("effect", "");
    this.#parts.claims.wake(waitKey(name));
  }

  #isFull(): SoloError | undefined {
    if (this.#parts.tally.of("effect", "") < maxEffects) return undefined;
    return tooMany();
  }
}

function waitKey(name: StepName): string {
  return `effect:${stepKey(name)}`;
}
