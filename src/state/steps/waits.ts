import { SoloError } from "../../api/error.ts";
import { maxResultBytes, type StepName, type WaitAnswer } from "../../api/steps.ts";
import type { View } from "../core/types.ts";
import { runKey, runPrefix, signalKey, signalPrefix, stepKey } from "./key.ts";
import { holdMs, maxWaitingSignals, signalIdsKept } from "./limits.ts";
import type { Caller, StepParts } from "./parts.ts";
import { put, read, remove, signalIdsKey, signalIdsRecord, signalRecord, stepRecord, timerRecord } from "./records.ts";
import { hasEnded } from "./steps.ts";

export interface Delivery {
  readonly run: string;
  readonly name: string;
  readonly value: Uint8Array;
  /** Delivered again under the same id, it counts once. */
  readonly id?: string | undefined;
}

/** Timers and signals: what a run waits for, however often its process is replaced meanwhile. */
export class Waits {
  readonly #parts: StepParts;

  constructor(parts: StepParts) {
    this.#parts = parts;
  }

  /** When a timer is due, in milliseconds since 1970, and how long that is from now. The first call sets it. */
  async setTimer(
    caller: Caller,
    { run, id, until, after_ms = 0 }: StepName & { until?: number | undefined; after_ms?: number | undefined },
  ): Promise<{ until: number; left_ms: number }> {
    const key = stepKey({ run, id });
    let [due, now] = [0, 0];
    await this.#parts.state.commit(
      (view) => {
        now = view.time;
        const stored = view.get("timer", key);
        if (stored !== undefined) {
          due = read(timerRecord, stored).until;
          return [];
        }
        const ended = hasEnded(view.get("step", runKey(run)), run);
        if (ended !== undefined) return ended;
        due = Math.max(0, until ?? view.time + after_ms);
        return [put("timer", key, { until: due, time: view.time })];
      },
      { origin: caller.instance, durability: "sync" },
    );
    return { until: due, left_ms: Math.max(0, due - now) };
  }

  /**
   * Takes the oldest signal of a name, for good, for the wait with this id: in one entry, so that it is neither lost nor
   * taken twice. Holds back a `pending` for a while.
   */
  async wait(
    caller: Caller,
    request: StepName & { name: string; timeout_ms?: number | undefined },
  ): Promise<WaitAnswer> {
    const { claims } = this.#parts;
    for (let held = false; ; held = true) {
      const { answer, leftMs } = await this.#attempt(caller, request);
      if (answer.state !== "pending" || held) return answer;
      await claims.changed(waitKey(request.run, request.name), Math.min(holdMs, Math.max(0, leftMs)));
    }
  }

  /** Keeps a signal for whoever waits for it, now or later. Resolves when it is durable. */
  async deliver({ run, name, value, id }: Delivery): Promise<{ delivered: boolean }> {
    if (value.length > maxResultBytes) {
      throw new SoloError("limit_exceeded", `the signal has ${value.length} bytes, of ${maxResultBytes} at most`);
    }
    const { state, tally, claims } = this.#parts;
    let delivered = false;
    await state.commit(
      (view) => {
        delivered = false;
        const ids = deliveredIds(view);
        if (id !== undefined && ids.includes(id)) return [];
        const refused = hasEnded(view.get("step", runKey(run)), run) ?? this.#isFull();
        if (refused !== undefined) return refused;
        delivered = true;
        const kept = id === undefined ? [] : [put("signal", signalIdsKey, { ids: [...ids, id].slice(-signalIdsKept) })];
        return [put("signal", signalKey(run, name, view.next), { value, time: view.time }), ...kept];
      },
      { origin: "signal", durability: "sync" },
    );
    if (delivered) tally.add("signal", "", 1);
    claims.wake(waitKey(run, name));
    return { delivered };
  }

  async #attempt(
    caller: Caller,
    request: StepName & { name: string; timeout_ms?: number | undefined },
  ): Promise<{ answer: WaitAnswer; leftMs: number }> {
    const { run, id, name, timeout_ms } = request;
    const key = stepKey({ run, id });
    let answer: WaitAnswer = { state: "pending" };
    let leftMs = Number.POSITIVE_INFINITY;
    let taken = 0;
    await this.#parts.state.commit(
      (view) => {
        taken = 0;
        const known = knownWait(view, key, id);
        if (known?.state === "done" && known.value !== null) answer = { state: "done", value: known.value };
        if (known?.state === "timed_out") answer = { state: "timed_out" };
        if (known !== undefined && known.state !== "waiting") return [];
        const ended = hasEnded(view.get("step", runKey(run)), run);
        if (ended !== undefined) return ended;
        const base = { kind: "wait", name, time: view.time };
        const unknown = timeout_ms === undefined ? null : view.time + timeout_ms;
        const deadline = known === undefined ? unknown : known.deadline;
        if (deadline !== null) leftMs = deadline - view.time;
        for (const { key: signal, ...stored } of view.entries("signal", {
          prefix: signalPrefix(run, name),
          limit: 1,
        })) {
          const { value } = read(signalRecord, stored);
          answer = { state: "done", value };
          taken = 1;
          return [remove("signal", signal), put("step", key, { ...base, deadline, state: "done", value })];
        }
        answer = { state: "pending" };
        if (deadline !== null && view.time >= deadline) {
          answer = { state: "timed_out" };
          return [put("step", key, { ...base, deadline, state: "timed_out", value: null })];
        }
        if (known !== undefined || deadline === null) return [];
        return [put("step", key, { ...base, deadline, state: "waiting", value: null })];
      },
      { origin: caller.instance, durability: "sync" },
    );
    if (taken > 0) {
      this.#parts.tally.add("signal", "", -1);
      this.#parts.tally.forget("step", runPrefix(run));
    }
    return { answer, leftMs };
  }

  #isFull(): SoloError | undefined {
    if (this.#parts.tally.of("signal", "") < maxWaitingSignals) return undefined;
    return new SoloError("limit_exceeded", `${maxWaitingSignals} signals wait for somebody to take them`);
  }
}

function knownWait(view: View, key: string, id: string) {
  const stored = view.get("step", key);
  if (stored === undefined) return undefined;
  const record = read(stepRecord, stored);
  if (record.kind === "wait") return record;
  throw new SoloError(
    "invalid_request",
    `${JSON.stringify(id)} is the id of a step already, and can't be a wait's too`,
  );
}

function deliveredIds(view: View): readonly string[] {
  const stored = view.get("signal", signalIdsKey);
  return stored === undefined ? [] : read(signalIdsRecord, stored).ids;
}

function waitKey(run: string, name: string): string {
  return `signal:${signalPrefix(run, name)}`;
}
