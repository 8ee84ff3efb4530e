import { SoloError } from "../../api/error.ts";
import { type ClaimAnswer, maxResultBytes, type StepName } from "../../api/steps.ts";
import type { View } from "../core/types.ts";
import { begunStepsPrefix, runKey, runPrefix, stepKey } from "./key.ts";
import { maxRunSteps } from "./limits.ts";
import { abandon, begin, claim, type Owned } from "./ownership.ts";
import { type Caller, ownerOf, type StepParts } from "./parts.ts";
import { put, read, remove, type StepRecord, stepRecord } from "./records.ts";

/** Results of steps: the first one that is kept is the step's for good. */
export class Steps {
  readonly #parts: StepParts;

  constructor(parts: StepParts) {
    this.#parts = parts;
  }

  /**
   * The result if there is one; else the step is the caller's to do, unless another process is at it. Whose a run is is durable,
   * so whose its steps are needn't be; those of the service's own run are everybody's, and have owners of their own.
   */
  async begin(caller: Caller, name: StepName): Promise<ClaimAnswer> {
    if (name.run === "") {
      const answer = await begin(this.#parts, caller, this.#owned(name));
      return answer.state === "claimed" ? { state: "claimed" } : answer;
    }
    return claim(this.#parts, claimOf(name), ownerOf(caller), () => this.#find(this.#parts.state, name));
  }

  /** @returns what is kept: an earlier result if there is one */
  async finish(
    caller: Caller,
    { run, id, result }: StepName & { result: Uint8Array },
  ): Promise<{ result: Uint8Array }> {
    checkResult(`step ${JSON.stringify(id)}`, result);
    const { state, tally, claims } = this.#parts;
    const key = stepKey({ run, id });
    const begunKey = begunStepsPrefix + id;
    let kept = result;
    let isNew = false;
    let begun = 0;
    try {
      await state.commit(
        (view) => {
          isNew = false;
          begun = run === "" && view.get("meta", begunKey) !== undefined ? 1 : 0;
          const over = begun === 0 ? [] : [remove("meta", begunKey)];
          const stored = view.get("step", key);
          if (stored !== undefined) {
            kept = resultOf(read(stepRecord, stored), { run, id });
            return over;
          }
          const refused = hasEnded(view.get("step", runKey(run)), run) ?? this.#isFull(run);
          if (refused !== undefined) return refused;
          isNew = true;
          return [put("step", key, { kind: "step", result, time: view.time }), ...over];
        },
        { origin: caller.instance, durability: "sync" },
      );
      if (isNew) tally.add("step", runPrefix(run), 1);
      tally.add("meta", begunStepsPrefix, -begun);
      return { result: kept };
    } finally {
      claims.drop(claimOf({ run, id }), ownerOf(caller));
    }
  }

  /** The step failed: whoever comes next may do it. */
  async abandon(caller: Caller, name: StepName): Promise<void> {
    if (name.run === "") await abandon(this.#parts, caller, this.#owned(name));
    else this.#parts.claims.drop(claimOf(name), ownerOf(caller));
  }

  #find(view: Pick<View, "get">, name: StepName): Uint8Array | undefined {
    const stored = view.get("step", stepKey(name));
    if (stored !== undefined) return resultOf(read(stepRecord, stored), name);
    // Its result may have been there and been forgotten with the run.
    const ended = hasEnded(view.get("step", runKey(name.run)), name.run);
    if (ended !== undefined) throw ended;
    return undefined;
  }

  #owned(name: StepName): Owned {
    const { tally } = this.#parts;
    return {
      key: begunStepsPrefix + name.id,
      prefix: begunStepsPrefix,
      claim: claimOf(name),
      isListed: false,
      find: (view) => this.#find(view, name),
      refuse: () => (tally.of("meta", begunStepsPrefix) < maxRunSteps ? this.#isFull(name.run) : tooManyBegun()),
    };
  }

  #isFull(run: string): SoloError | undefined {
    if (this.#parts.tally.of("step", runPrefix(run)) < maxRunSteps) return undefined;
    const whose = run === "" ? "the service's own run, which never ends," : `run ${JSON.stringify(run)}`;
    return new SoloError("limit_exceeded", `${whose} holds ${maxRunSteps} results already`, {
      hint: "do repeated work in a run of its own: ctx.run(id, …) forgets its steps when it ends",
    });
  }
}

function tooManyBegun(): SoloError {
  return new SoloError("limit_exceeded", `${maxRunSteps} steps of the service's own run have begun and not ended`, {
    hint: "do repeated work in a run of its own: ctx.run(id, …) forgets its steps when it ends",
  });
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
