import { SoloError } from "../../api/error.ts";
import { type Cost, checkStepId, type EffectOutcome } from "../../api/steps.ts";
import type { Dispatch, EffectCost, EffectOptions } from "../sdk/steps.ts";
import { milliseconds } from "./duration.ts";
import { decodeResult, encodeResult, reasonOf, type StepRequests } from "./request.ts";
import { StepSpan } from "./span.ts";

type Work<Result> = (key: string, dispatch: Dispatch) => Result | Promise<Result>;

/** Thrown by `notDone`. */
class NotDone extends Error {
  override readonly name = "NotDone";
}

/** See `Steps.effect`. */
export async function performEffect<Result>(
  requests: StepRequests,
  run: string,
  id: string,
  work: Work<Result>,
  { cost = {}, repeatable = false }: EffectOptions,
): Promise<Result> {
  const name = { run, id: checkStepId("the id of an effect", id) };
  const reserved = costOf(cost);
  const token = crypto.randomUUID();
  const input = { ...name, token, cost: reserved, repeatable };
  const answer = await requests.until("effect.begin", input, ({ state }) => state === "busy");
  if (answer.state === "done") return decodeResult<Result>(answer.result);
  if (answer.state === "busy") throw new SoloError("internal", "an effect can't be begun and busy");
  let spent: Cost = reserved;
  const dispatch: Dispatch = {
    attempt: answer.attempt,
    spent: (actual) => {
      spent = { ...reserved, ...costOf(actual) };
    },
    notDone: (reason) => {
      throw new NotDone(reason);
    },
  };
  const span = new StepSpan();
  // The outcome is told however long the kernel is away: without it nobody would know.
  const report = (outcome: EffectOutcome) => {
    const trace = span.ended(outcome.state === "done" ? undefined : outcome.reason);
    return requests.patiently(() =>
      requests.ask("effect.finish", { ...name, token, outcome, trace }, bytesOf(outcome)),
    );
  };
  const begin = performance.now();
  let value: Result;
  let result: Uint8Array;
  try {
    value = await span.during(() => work(answer.key, dispatch));
    result = encodeResult(id, value);
  } catch (error) {
    const reason = reasonOf(error);
    if (error instanceof NotDone) {
      await report({ state: "not_done", reason });
      throw error;
    }
    await report({ state: "unknown", reason });
    if (repeatable) throw error;
    throw new SoloError("outcome_unknown", `nobody knows whether effect ${JSON.stringify(id)} happened: ${reason}`, {
      hint: "`solo effects list` shows it, `solo effects resolve` decides; dispatch.notDone() tells that it did not",
      applied: "unknown",
      details: { effect: id, run },
      cause: error,
    });
  }
  await report({ state: "done", result, spent, elapsed_ms: performance.now() - begin });
  return decodeResult<Result>(result);
}

function costOf({ calls, tokens, currency, wall }: EffectCost): Cost {
  return {
    ...(calls !== undefined && { calls }),
    ...(tokens !== undefined && { tokens }),
    ...(currency !== undefined && { currency }),
    ...(wall !== undefined && { wall_ms: milliseconds("the cost in wall time", wall) }),
  };
}

function bytesOf(outcome: EffectOutcome): number {
  return outcome.state === "done" ? outcome.result.length + 512 : 1_024;
}
