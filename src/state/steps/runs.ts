import { SoloError } from "../../api/error.ts";
import type { ClaimAnswer, UnfinishedRun } from "../../api/steps.ts";
import type { Mutation, View } from "../core/types.ts";
import { finishedKey, finishedOfKey, finishedPrefix, runKey, runPrefix, unfinishedPrefix } from "./key.ts";
import { maxFinishedRuns, maxUnfinishedRuns, runRetentionMs } from "./limits.ts";
import { abandon, begin, begunAt, type Owned } from "./ownership.ts";
import { type Caller, ownerOf, type StepParts } from "./parts.ts";
import { begunRecord, effectRecord, put, read, remove, stepRecord } from "./records.ts";
import { checkResult } from "./steps.ts";

/** Old runs that each end of one may forget beyond itself: more than come, so that it catches up. */
const forgottenAtOnce = 4;

/** Runs that `list` tells at once. */
const pageRuns = 1_000;

/** Named stretches of work, such as the handling of one order: when one ends, its result takes the place of its steps. */
export class Runs {
  readonly #parts: StepParts;

  constructor(parts: StepParts) {
    this.#parts = parts;
  }

  /**
   * The result of a run that has ended within the retention; else the run is the caller's, unless another process has it.
   * Whose it is is durable: the next kernel must not give it to a second one.
   */
  begin(caller: Caller, run: string): Promise<ClaimAnswer> {
    return begin(this.#parts, caller, this.#owned(run));
  }

  /** Keeps the result, and forgets what led to it, at once. Effects of unknown outcome stay until somebody resolves them. */
  async finish(caller: Caller, run: string, result: Uint8Array): Promise<{ result: Uint8Array }> {
    checkResult(`run ${JSON.stringify(run)}`, result);
    const { state, tally, claims } = this.#parts;
    let kept = result;
    try {
      await state.commit(
        (view) => {
          const stored = view.get("step", runKey(run));
          const known = stored && read(stepRecord, stored);
          if (known?.kind === "run") {
            kept = known.result;
            return [];
          }
          const begun = begunAt(view, unfinishedPrefix + run)?.begun ?? view.time;
          const record = { kind: "run", result, begun, time: view.time };
          return [
            ...leftovers(view, run),
            remove("meta", unfinishedPrefix + run),
            put("step", runKey(run), record),
            put("meta", finishedKey(view.time, run), {}),
            ...this.#old(view),
          ];
        },
        { origin: caller.instance, durability: "sync" },
      );
      tally.forget();
      return { result: kept };
    } finally {
      claims.drop(claimOf(run), ownerOf(caller));
    }
  }

  /** The run failed, and can be gone on with by whoever comes next. */
  abandon(caller: Caller, run: string): Promise<void> {
    return abandon(this.#parts, caller, this.#owned(run));
  }

  /** Runs that have begun and not ended, by id. */
  list(after = ""): { runs: UnfinishedRun[] } {
    const entries = this.#parts.state.page("meta", {
      prefix: unfinishedPrefix,
      after: unfinishedPrefix + after,
      limit: pageRuns,
    });
    const runs = entries.map(({ key, ...stored }) => ({
      run: key.slice(unfinishedPrefix.length),
      begun: read(begunRecord, stored).begun,
    }));
    return { runs };
  }

  #owned(run: string): Owned {
    const { tally } = this.#parts;
    return {
      key: unfinishedPrefix + run,
      prefix: unfinishedPrefix,
      claim: claimOf(run),
      isListed: true,
      find: (view) => {
        const stored = view.get("step", runKey(run));
        const record = stored && read(stepRecord, stored);
        return record?.kind === "run" ? record.result : undefined;
      },
      refuse: () => (tally.of("meta", unfinishedPrefix) < maxUnfinishedRuns ? undefined : tooMany()),
    };
  }

  /** What the retention has no room or time for, oldest first. */
  #old(view: View): Mutation[] {
    const mutations: Mutation[] = [];
    let surplus = this.#parts.tally.of("meta", finishedPrefix) + 1 - maxFinishedRuns;
    for (const { key } of view.entries("meta", { prefix: finishedPrefix, limit: forgottenAtOnce })) {
      const { time, run } = finishedOfKey(key);
      if (surplus <= 0 && time > view.time - runRetentionMs) break;
      surplus--;
      mutations.push(remove("meta", key), remove("step", runKey(run)));
    }
    return mutations;
  }
}

/** Everything that a run holds, except effects that nobody knows the outcome of. */
function leftovers(view: View, run: string): Mutation[] {
  const prefix = runPrefix(run);
  const mutations: Mutation[] = [];
  for (const space of ["step", "timer", "signal"] as const) {
    for (const { key } of view.entries(space, { prefix })) mutations.push(remove(space, key));
  }
  for (const { key, ...stored } of view.entries("effect", { prefix })) {
    const { state } = read(effectRecord, stored);
    if (state !== "pending" && state !== "unknown") mutations.push(remove("effect", key));
  }
  return mutations;
}

function tooMany(): SoloError {
  return new SoloError("limit_exceeded", `${maxUnfinishedRuns} runs have begun and not ended`, {
    hint: "ctx.unfinishedRuns() tells which; call ctx.run with each to go on with it",
  });
}

function claimOf(run: string): string {
  return `run:${run}`;
}
