import { SoloError } from "../../api/error.ts";
import type { ServiceRef } from "../../api/index.ts";
import type { StepName } from "../../api/steps.ts";
import { maxEffects } from "./limits.ts";
import type { EffectRecord } from "./records.ts";

/** Why an effect is not dispatched, or its outcome not taken. */

export const lostReason = "the process that dispatched it ended before it could tell the outcome";

export function unknown(ref: ServiceRef, name: StepName, { reason, attempt }: EffectRecord): SoloError {
  const run = name.run === "" ? "" : ` --run ${name.run}`;
  return new SoloError("outcome_unknown", `nobody knows whether effect ${shown(name)} happened: ${reason}`, {
    hint: `find out, then \`solo effects resolve ${ref.name} ${name.id}${run} --done|--failed|--retry\``,
    applied: "unknown",
    details: { effect: name.id, run: name.run, attempt },
  });
}

export function noSuch(name: StepName): SoloError {
  return new SoloError("not_found", `there is no effect ${shown(name)}`, {
    hint: "`solo effects list NAME` shows those that are kept; those of a run that has ended are not",
  });
}

export function resolvedAsFailed(name: StepName): SoloError {
  return new SoloError("failed", `effect ${shown(name)} was resolved as failed`, {
    details: { effect: name.id, run: name.run },
  });
}

export function superseded(name: StepName): SoloError {
  return new SoloError("conflict", `effect ${shown(name)} has been dispatched anew, or forgotten, meanwhile`, {
    details: { effect: name.id, run: name.run },
  });
}

export function notUnknown(name: StepName, state: EffectRecord["state"]): SoloError {
  const how = state === "pending" ? "under way" : state;
  return new SoloError("conflict", `effect ${shown(name)} is ${how}: there is nothing to resolve`);
}

function shown({ run, id }: StepName): string {
  return run === "" ? JSON.stringify(id) : `${JSON.stringify(id)} of run ${JSON.stringify(run)}`;
}

export function tooMany(): SoloError {
  return new SoloError("limit_exceeded", `${maxEffects} effects are kept already`, {
    hint: "do repeated work in runs (ctx.run forgets its effects when it ends), and resolve unknown ones",
  });
}
