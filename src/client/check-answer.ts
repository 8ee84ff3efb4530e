import type { z } from "zod";
import {
  budgetDocumentSchema,
  callResultSchema,
  checkpointAnswers,
  deployProgressSchema,
  effectListSchema,
  effectSchema,
  eventSchema,
  healthDocumentSchema,
  killResultSchema,
  logLineSchema,
  type OperationName,
  type OperationOutput,
  SoloError,
  sandboxDocumentSchema,
  serviceListSchema,
  serviceStatusSchema,
  shutdownResultSchema,
  signalResultSchema,
  stateChangeSchema,
  stateDeletedSchema,
  stateEntrySchema,
  stateImportedSchema,
  stateValueSchema,
  stateWrittenSchema,
  versionSchema,
  whySchema,
} from "../api/index.ts";

const schemas: { readonly [Name in OperationName]: z.ZodType<OperationOutput[Name]> } = {
  deploy: deployProgressSchema,
  list: serviceListSchema,
  status: serviceStatusSchema,
  kill: killResultSchema,
  restart: deployProgressSchema,
  scale: deployProgressSchema,
  call: callResultSchema,
  logs: logLineSchema,
  events: eventSchema,
  stateGet: stateValueSchema,
  stateSet: stateWrittenSchema,
  stateDelete: stateDeletedSchema,
  stateScan: stateEntrySchema,
  stateWatch: stateChangeSchema,
  stateImport: stateImportedSchema,
  effects: effectListSchema,
  resolve: effectSchema,
  signal: signalResultSchema,
  budget: budgetDocumentSchema,
  sandbox: sandboxDocumentSchema,
  why: whySchema,
  ...checkpointAnswers,
  health: healthDocumentSchema,
  version: versionSchema,
  shutdown: shutdownResultSchema,
};

/**
 * An answer from a kernel of another build, once it is known to have every field this build relies on. Fields that only
 * the other build knows are kept.
 */
export function checkAnswer<Name extends OperationName>(
  name: Name,
  value: OperationOutput[Name],
  builds: { readonly theirs: string; readonly ours: string },
): OperationOutput[Name] {
  const { error } = schemas[name].safeParse(value);
  if (!error) return value;
  const issue = error.issues[0];
  const place = issue && issue.path.length > 0 ? `: ${issue.path.join(".")}: ${issue.message}` : "";
  throw new SoloError(
    "failed",
    `the kernel (${builds.theirs}) answered ${name} in a form that this solo (${builds.ours}) doesn't know${place}`,
    {
      hint: "bring both to one version: `solo stop --keep-services`, then `solo start`; the services keep running",
      applied: "unknown",
    },
  );
}
