import {
  budgetRequestSchema,
  effectsRequestSchema,
  resolveRequestSchema,
  type SoloApi,
  signalRequestSchema,
} from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { deliverSignal, listEffects, resolveEffect, showBudget } from "../operations/steps.ts";
import { accept } from "./accept.ts";

/** The operations on what services did step by step. */
export function stepsApi(kernel: Kernel): Pick<SoloApi, "effects" | "resolve" | "signal" | "budget"> {
  return {
    effects: async (input) => listEffects(kernel, accept(effectsRequestSchema, input)),
    resolve: async (input) => resolveEffect(kernel, accept(resolveRequestSchema, input)),
    signal: async (input) => deliverSignal(kernel, accept(signalRequestSchema, input)),
    budget: async (input) => showBudget(kernel, accept(budgetRequestSchema, input)),
  };
}
