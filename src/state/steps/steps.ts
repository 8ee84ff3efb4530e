import { SoloError } from "../../api/error.ts";
import { type ClaimAnswer, maxResultBytes, type StepName } from "../../api/steps.ts";
import { runKey, runPrefix, stepKey } from "./key.ts";
import { maxRunSteps } from "./limits.ts";
import { type Caller, durable, ownerOf, type StepParts } from "./parts.ts";
import { put, read, type StepRecord, stepRecord } from "./records.ts";

/** Results of steps: the first one that is kept is the step's for good. */
export class Steps {
  readonly #parts: StepParts;

  constructor(parts: StepParts) {
    this.#parts = parts;
  }

  /** The result if there is one; else the step is the caller's to do, unless another process is at it. */
  async begin(caller: Caller, name: StepName): Promise<ClaimAnswer> {
    const key = stepKey(name);
    const find = () => {
      const { state } = this.#parts;
      const stored = state.get("step", key);
      if (stored !== undefined) return resultOf(read(stepRecord, stored), name);
      // Its result may have been there and been forgotten with the run.
      const ended = hasEnded(state.get("step", runKey(name.run)), name.run);
      if (ended !== undefined) throw ended;
      return undefined;
    };
    return claim(this.#parts, claimOf(name), ownerOf(caller), find);
  }

  /** @returns what is kept: an earlier result if there is one */
  async finish(
    caller: Caller,
    { run, id, result }: StepName & { result: Uint8Array },
  ): Promise<{ result: Uint8Array }> {
    checkResult(`step ${JSON.stringify(id)}`, result);
    const { state, tally, claims } = this.#parts;
    const key = stepKey({ run, id });
    let kept = result;
    let isNew = false;
    try {
      await state.commit(
        (view) => {
          isNew = false;
          const stored = view.get("step", key);
          if (stored !== undefined) {
            kept = resultOf(read(stepRecord, stored), { run, id });
            return [];
          }
          const refused = hasEnded(view.get("step", runKey(run)), run) ?? this.#isFull(run);
          if (refused !== undefined) return refused;
          isNew = true;
          return [put("step", key, { kind: "step", result, time: view.time })];
        },
        { origin: caller.instance, durability: "sync" },
      );
      if (isNew) tally.add("step", runPrefix(run), 1);
      return { result: kept };
    } finally {
      claims.drop(claimOf({ run, id }), ownerOf(caller));
    }
  }

  /** The step failed: whoever comes next may do it. */
  abandon(caller: Caller, name: StepName): void {
    this.#parts.claims.drop(claimOf(name), ownerOf(caller));
  }

  #isFull(run: string): SoloError | undefined {
    if (this.#parts.tally.of("step", runPrefix(run)) < maxRunSteps) return undefined;
    const whose = run === "" ? "the service's own run, which never ends," : `run ${JSON.stringify(run)}`;
    return new SoloError("limit_exceeded", `${whose} holds ${maxRunSteps} results already`, {
      hint: "do repeated work in a run of its own: ctx.run(id, …) forgets its steps when it ends",
    });
  }
}

/** A result, or a claim on the work, waiting a while for another process that has it. */
export async function claim(
  parts: StepParts,
  key: string,
  owner: string,
  find: () => Uint8Array | undefined,
): Promise<ClaimAnswer> {
  const { claims } = parts;
  for (let held = false; ; held = true) {
    const result = find();
    if (result !== undefined) {
      await durable(parts);
      return { state: "done", result };
    }
    if (claims.take(key, owner)) return { state: "claimed" };
    if (held) return { state: "busy" };
    await claims.changed(key);
  }
}

/** @throws SoloError `limit_exceeded` for a result that is too long */
export function checkResult(what: string, result: Uint8Array): void {
  if (result.length <= maxResultBytes) return;
  throw new SoloError(
    "limit_exceeded",
    `the result of ${what} has ${result.length} bytes, of ${maxResultBytes} at most`,
    {
      hint: "keep the content elsewhere, in a file or ctx.state, and let the result name it",
    },
  );
}

/** @returns why nothing can be added to a run, when it is over */
export function hasEnded(stored: Parameters<typeof read>[1] | undefined, run: string): SoloError | undefined {
  if (run === "" || stored === undefined) return undefined;
  return new SoloError("conflict", `run ${JSON.stringify(run)} has ended: nothing can be added to it`, {
    hint: "await everything that a run begins before it returns",
  });
}

function resultOf(record: StepRecord, { id }: StepName): Uint8Array {
  if (record.kind === "step") return record.result;
  throw new SoloError(
    "invalid_request",
    `${JSON.stringify(id)} is the id of a wait already, and can't be a step's too`,
  );
}

function claimOf(name: StepName): string {
  return `step:${stepKey(name)}`;
}
