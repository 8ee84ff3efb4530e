import type {
  Budget,
  BudgetDocument,
  EffectDocument,
  EffectList,
  OperationRequest,
  SignalResult,
} from "../../api/index.ts";
import { pack } from "../../api/message-pack.ts";
import { checkStepId, packResult } from "../../api/steps.ts";
import { costOf, type ListedEffect, type ServiceSteps } from "../../state/index.ts";
import type { Kernel } from "../kernel.ts";

/** The service's own run. */
const ownRun = "";

const resources = ["calls", "tokens", "currency", "wall_ms"] as const;

export async function listEffects(kernel: Kernel, request: OperationRequest<"effects">): Promise<EffectList> {
  const { ref } = kernel.get(request);
  return shownEffects(await kernel.parts.steps.open(ref), request);
}

/** Every effect that is kept of a service, those of runs that have ended left out. */
export async function shownEffects(
  steps: ServiceSteps,
  { name, tenant, state }: OperationRequest<"effects">,
): Promise<EffectList> {
  const effects: EffectDocument[] = [];
  for await (const effect of steps.effects()) {
    if (state === undefined || effect.record.state === state) effects.push(document(effect));
  }
  return { service: name, tenant, effects };
}

/** Decides what became of an effect whose outcome nobody recorded. */
export async function resolveEffect(kernel: Kernel, request: OperationRequest<"resolve">): Promise<EffectDocument> {
  const { ref, key } = kernel.get(request);
  const { id, run = ownRun, as, result = null } = request;
  const steps = await kernel.parts.steps.open(ref);
  const resolution = as === "done" ? { as, result: packResult(result) } : { as };
  const resolved = await steps.resolve({ run, id }, resolution);
  kernel.emit({ tenant: ref.tenant, event: "effect_resolved", subject: key, data: { effect: id, run, as } });
  return document(resolved);
}

/** Delivers a signal, durably, whether somebody waits for it or not. */
export async function deliverSignal(kernel: Kernel, request: OperationRequest<"signal">): Promise<SignalResult> {
  const { ref } = kernel.get(request);
  const { signal, run = ownRun, value, id } = request;
  const name = checkStepId("the name of a signal", signal);
  const steps = await kernel.parts.steps.open(ref);
  const { delivered } = await steps.deliver({ run, name, value: pack(value), id });
  return { service: ref.name, tenant: ref.tenant, signal, run: run === ownRun ? null : run, delivered };
}

export async function showBudget(kernel: Kernel, request: OperationRequest<"budget">): Promise<BudgetDocument> {
  const { ref, revision } = kernel.get(request);
  return shownBudget(await kernel.parts.steps.open(ref), request, revision.spec.budget);
}

export function shownBudget(
  steps: ServiceSteps,
  { name, tenant }: OperationRequest<"budget">,
  budget: Budget = {},
): BudgetDocument {
  const { used, reserved, window_ends } = steps.usage();
  return {
    service: name,
    tenant,
    window_ms: budget.window_ms ?? null,
    window_ends: window_ends === null ? null : new Date(window_ends).toISOString(),
    resources: resources.map((resource) => {
      const limit = budget[resource] ?? null;
      const taken = used[resource] + reserved[resource];
      const left = limit === null ? null : Math.max(0, Number((limit - taken).toFixed(6)));
      return { resource, limit, used: used[resource], reserved: reserved[resource], left };
    }),
  };
}

function document({ run, id, record }: ListedEffect): EffectDocument {
  const { state, key, attempt, owner, begun, ended, reserved, spent, reason } = record;
  return {
    id,
    run: run === ownRun ? null : run,
    state,
    key,
    attempt,
    instance: owner.slice(0, owner.indexOf("/")),
    begun: new Date(begun).toISOString(),
    ended: ended === null ? null : new Date(ended).toISOString(),
    reserved: costOf(reserved),
    spent: spent && costOf(spent),
    reason,
  };
}
