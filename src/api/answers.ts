import type { z } from "zod";
import { auditAnswers } from "./audit.ts";
import { capabilityAnswers } from "./capabilities.ts";
import { checkpointAnswers } from "./checkpoints.ts";
import { crashAnswers } from "./crashes.ts";
import { discoveryAnswers } from "./discovery.ts";
import {
  budgetDocumentSchema,
  callResultSchema,
  deployProgressSchema,
  effectListSchema,
  effectSchema,
  eventSchema,
  healthDocumentSchema,
  killResultSchema,
  logLineSchema,
  serviceListSchema,
  serviceStatusSchema,
  shutdownResultSchema,
  signalResultSchema,
  versionSchema,
  whySchema,
} from "./documents.ts";
import { metricAnswers } from "./metrics.ts";
import type { OperationName, OperationOutput } from "./operations.ts";
import { reloadAnswers } from "./reload.ts";
import { removalAnswers } from "./removal.ts";
import { sandboxDocumentSchema } from "./sandbox.ts";
import { secretAnswers } from "./secrets.ts";
import {
  stateChangeSchema,
  stateDeletedSchema,
  stateEntrySchema,
  stateImportedSchema,
  stateValueSchema,
  stateWrittenSchema,
} from "./state-operations.ts";
import { tenantAnswers } from "./tenants.ts";
import { uploadAnswers } from "./uploads.ts";

/** Of every operation, the form of its answer, or of one element of its stream. */
export const answers: { readonly [Name in OperationName]: z.ZodType<OperationOutput[Name]> } = {
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
  ...secretAnswers,
  ...uploadAnswers,
  ...auditAnswers,
  ...crashAnswers,
  ...tenantAnswers,
  ...metricAnswers,
  ...reloadAnswers,
  ...removalAnswers,
  ...capabilityAnswers,
  ...discoveryAnswers,
  health: healthDocumentSchema,
  version: versionSchema,
  shutdown: shutdownResultSchema,
};
