import { createHash, randomUUID } from "node:crypto";
import type { StepName } from "../../api/steps.ts";
import type { Mutation, View } from "../core/types.ts";
import { noUsage, type Usage } from "./budget.ts";
import { stepKey } from "./key.ts";
import {
  type EffectRecord,
  effectRecord,
  identityKey,
  identityRecord,
  put,
  read,
  usageKey,
  usageRecord,
} from "./records.ts";

/** What a state holds about effects, and how they are told from all others. */

export function usageOf(view: Pick<View, "get">): Usage {
  const stored = view.get("budget", usageKey);
  return stored === undefined ? noUsage : read(usageRecord, stored);
}

export function effectAt(view: View, key: string): EffectRecord | undefined {
  const stored = view.get("effect", key);
  return stored && read(effectRecord, stored);
}

/** Drawn once for each state: a new one of the same name must not repeat the keys of the old one. */
export function identityOf(view: View): { readonly identity: string; readonly mutations: Mutation[] } {
  const stored = view.get("meta", identityKey);
  if (stored !== undefined) return { identity: read(identityRecord, stored).id, mutations: [] };
  const id = randomUUID();
  return { identity: id, mutations: [put("meta", identityKey, { id })] };
}

export function idempotencyKey(identity: string, service: string, name: StepName): string {
  return createHash("sha256")
    .update(`${identity}\n${service}\n${stepKey(name)}`)
    .digest("hex")
    .slice(0, 32);
}
