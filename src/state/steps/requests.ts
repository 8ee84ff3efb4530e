import { z } from "zod";
import { SoloError } from "../../api/error.ts";
import { checkStepId, type StepOperation } from "../../api/steps.ts";
import { spanPattern } from "../../api/trace-parent.ts";

const longestReason = 2_000;
/** A request's `traceparent` may be as long as its sender likes; what counts of it is short. */
const longestParent = 1_000;

/** The form of each request, as the state channel's door checks it. */
const id = z.string().superRefine(named("the id of a step"));
const run = z
  .string()
  .superRefine((value, context) => (value === "" ? undefined : named("the id of a run")(value, context)));
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "not binary");
const amount = z.number().nonnegative().max(1e12).optional();
const cost = z.object({ calls: amount, tokens: amount, currency: amount, wall_ms: amount });
const moment = z.number().min(0).max(8.64e15);
const name = { run, id };
/** What is wrong with a trace is no reason to refuse what it is about. */
const trace = z
  .object({
    span: z.string().regex(spanPattern),
    elapsed_ms: z.number().nonnegative(),
    parent: z.string().max(longestParent).optional(),
    error: z.string().max(longestReason).optional(),
  })
  .optional()
  .catch(undefined);

export const requestSchemas = {
  "step.begin": z.object(name),
  "step.finish": z.object({ ...name, result: bytes, trace }),
  "step.abandon": z.object({ ...name, trace }),
  "run.begin": z.object({ run: id }),
  "run.finish": z.object({ run: id, result: bytes }),
  "run.abandon": z.object({ run: id }),
  "run.list": z.object({ after: z.string().optional() }),
  "effect.begin": z.object({ ...name, token: z.string().min(1).max(64), cost, repeatable: z.boolean().default(false) }),
  "effect.finish": z.object({
    ...name,
    trace,
    token: z.string().min(1).max(64),
    outcome: z.discriminatedUnion("state", [
      z.object({ state: z.literal("done"), result: bytes, spent: cost, elapsed_ms: z.number().nonnegative() }),
      z.object({ state: z.literal("not_done"), reason: z.string().max(longestReason) }),
      z.object({ state: z.literal("unknown"), reason: z.string().max(longestReason) }),
    ]),
  }),
  "timer.set": z.object({ ...name, until: moment.optional(), after_ms: moment.optional() }),
  "signal.wait": z.object({
    ...name,
    name: z.string().superRefine(named("the name of a signal")),
    timeout_ms: moment.optional(),
  }),
} as const satisfies Record<StepOperation, z.ZodType>;

/** What a kernel answers on the state channel. */
export const stepOperations = Object.keys(requestSchemas);

export function isStepOperation(operation: string): operation is StepOperation {
  return Object.hasOwn(requestSchemas, operation);
}

/** @throws SoloError `invalid_request` */
export function accept<Schema extends z.ZodType>(
  schema: Schema,
  operation: StepOperation,
  input: unknown,
): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new SoloError("invalid_request", `${operation}: ${issue?.path.join(".")}: ${issue?.message}`);
}

function named(what: string) {
  return (value: string, context: z.RefinementCtx): void => {
    try {
      checkStepId(what, value);
    } catch (error) {
      context.addIssue({ code: "custom", message: SoloError.from(error).message });
    }
  };
}
