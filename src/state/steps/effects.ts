import { createHash, randomUUID } from "node:crypto";
import { SoloError } from "../../api/error.ts";
import { serviceKey } from "../../api/index.ts";
import type { Cost, EffectAnswer, EffectOutcome, StepName } from "../../api/steps.ts";
import type { Mutation, View } from "../core/types.ts";
import { amountsOf, nothing, noUsage, release, reserve, settle, type Usage } from "./budget.ts";
import { lostReason, noSuch, notUnknown, resolvedAsFailed, superseded, tooMany, unknown } from "./effect-errors.ts";
import { runKey, stepKey } from "./key.ts";
import { maxEffects } from "./limits.ts";
import { type Caller, ownerOf, type StepParts } from "./parts.ts";
import {
  type EffectRecord,
  effectRecord,
  identityKey,
  identityRecord,
  put,
  read,
  remove,
  usageKey,
  usageRecord,
} from "./records.ts";
import { checkResult, hasEnded } from "./steps.ts";

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
  async begin(caller: Caller, request: StepName & { token: string; cost: Cost }): Promise<EffectAnswer> {
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
        const record = find(view, key);
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
        const record = find(view, key);
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

  async #attempt(caller: Caller, request: StepName & { token: string; cost: Cost }): Promise<EffectAnswer> {
    const key = stepKey(request);
    const owner = ownerOf(caller);
    let answer: EffectAnswer = { state: "busy" };
    let lost: SoloError | undefined;
    let isNew = false;
    await this.#parts.state.commit(
      (view) => {
        isNew = false;
        const record = find(view, key);
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
        if (record.state === "unknown") return unknown(this.#parts.ref, request, record);
        if (record.token === request.token) {
          // The same request again: its answer was lost, so nothing was dispatched yet.
          answer = { state: "go", key: record.key, attempt: record.attempt };
          return [];
        }
        if (record.owner !== owner && this.#parts.isAlive(record.owner)) {
          answer = { state: "busy" };
          return [];
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
    { run, id, token, cost }: StepName & { token: string; cost: Cost },
    before: EffectRecord | undefined,
  ): { readonly record: EffectRecord; readonly mutations: Mutation[] } | SoloError {
    const refused = hasEnded(view.get("step", runKey(run)), run) ?? (before === undefined ? this.#isFull() : undefined);
    if (refused !== undefined) return refused;
    const reserved = amountsOf(cost);
    const usage = reserve(usageOf(view), this.#parts.budget(), reserved, view.time);
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

export function usageOf(view: Pick<View, "get">): Usage {
  const stored = view.get("budget", usageKey);
  return stored === undefined ? noUsage : read(usageRecord, stored);
}

function find(view: View, key: string): EffectRecord | undefined {
  const stored = view.get("effect", key);
  return stored && read(effectRecord, stored);
}

/** Drawn once for each state: a new one of the same name must not repeat the keys of the old one. */
function identityOf(view: View): { readonly identity: string; readonly mutations: Mutation[] } {
  const stored = view.get("meta", identityKey);
  if (stored !== undefined) return { identity: read(identityRecord, stored).id, mutations: [] };
  const id = randomUUID();
  return { identity: id, mutations: [put("meta", identityKey, { id })] };
}

function idempotencyKey(identity: string, service: string, name: StepName): string {
  return createHash("sha256")
    .update(`${identity}\n${service}\n${stepKey(name)}`)
    .digest("hex")
    .slice(0, 32);
}

function waitKey(name: StepName): string {
  return `effect:${stepKey(name)}`;
}
