import {
  type Caller,
  callRequestSchema,
  checkpointImportRequestSchema,
  crashesRequestSchema,
  type DeployProgress,
  deployRequestSchema,
  eventsRequestSchema,
  killRequestSchema,
  listRequestSchema,
  logsRequestSchema,
  reloadRequestSchema,
  restartRequestSchema,
  type SoloApi,
  sandboxRequestSchema,
  scaleRequestSchema,
  shutdownRequestSchema,
  statusRequestSchema,
  uploadRequestSchema,
  whyRequestSchema,
} from "../../api/index.ts";
import { explainService } from "../../observe/why/index.ts";
import type { AccessParts } from "../access/index.ts";
import { health } from "../health.ts";
import { logsOf } from "../instance-logs.ts";
import type { Kernel } from "../kernel.ts";
import { metricsApi } from "../metrics/index.ts";
import { call } from "../operations/call.ts";
import { importCheckpoint } from "../operations/checkpoint/change.ts";
import { deploy } from "../operations/deploy.ts";
import { kill } from "../operations/kill.ts";
import { reload } from "../operations/reload.ts";
import { restart } from "../operations/restart.ts";
import { showSandbox } from "../operations/sandbox.ts";
import { scale } from "../operations/scale.ts";
import { showBudget } from "../operations/steps.ts";
import { upload } from "../operations/upload.ts";
import { serviceStatus } from "../views.ts";
import { accept } from "./accept.ts";
import { auditApi } from "./audit.ts";
import { capabilityApi } from "./capabilities.ts";
import { checkpointApi } from "./checkpoints.ts";
import { discoveryApi } from "./discovery.ts";
import { lazily } from "./lazily.ts";
import { progressStream, type ReportProgress } from "./progress.ts";
import { removalApi } from "./removal.ts";
import { secretApi } from "./secrets.ts";
import { stateApi } from "./state.ts";
import { stepsApi } from "./steps.ts";
import { tenantApi } from "./tenants.ts";

/** How many events `status` shows. */
const recentEvents = 10;

/** Every operation of the API on a kernel, one file for each family of them, as each caller asks for it. */
export function kernelApi(kernel: Kernel): Pick<AccessParts, "api" | "shared"> {
  const shared = {
    ...serviceApi(kernel),
    ...stateApi(kernel),
    ...stepsApi(kernel),
    ...checkpointApi(kernel),
    ...auditApi(kernel.parts.audit),
    ...secretApi(kernel),
    ...tenantApi(kernel),
    ...removalApi(kernel),
    ...metricsApi(kernel),
  };
  /** @param recorded what a deploy awaits before it changes anything */
  const api: AccessParts["api"] = (caller, recorded = Promise.resolve()) => ({
    ...shared,
    ...callersApi(kernel, caller, recorded),
    ...capabilityApi(kernel, caller),
    ...discoveryApi(kernel, caller),
  });
  return { api, shared };
}

type CallersOperation = "deploy" | "call" | "checkpointImport";

function callersApi(kernel: Kernel, caller: Caller, recorded: Promise<void>): Pick<SoloApi, CallersOperation> {
  return {
    deploy: (input, signal) =>
      lazily(() => {
        const request = accept(deployRequestSchema, input);
        return change(kernel, request, signal, (_, checked, report) =>
          deploy(kernel, caller, checked, { report, recorded }),
        );
      }),
    call: async (input, signal) => call(kernel, accept(callRequestSchema, input), caller, signal),
    checkpointImport: async (input) => importCheckpoint(kernel, caller, accept(checkpointImportRequestSchema, input)),
  };
}

type ServiceOperation =
  | "restart"
  | "scale"
  | "kill"
  | "list"
  | "status"
  | "logs"
  | "events"
  | "sandbox"
  | "why"
  | "crashes"
  | "reload"
  | "upload"
  | "health"
  | "version"
  | "shutdown";

function serviceApi(kernel: Kernel): Pick<SoloApi, ServiceOperation> {
  const { parts } = kernel;
  return {
    restart: (input, signal) => lazily(() => change(kernel, accept(restartRequestSchema, input), signal, restart)),
    scale: (input, signal) => lazily(() => change(kernel, accept(scaleRequestSchema, input), signal, scale)),
    kill: async (input) => kill(kernel, accept(killRequestSchema, input)),
    list: async (input) => ({ services: kernel.rows(accept(listRequestSchema, input).tenant) }),
    status: async (input) => {
      const service = kernel.get(accept(statusRequestSchema, input));
      const { tenant, name } = service.ref;
      // A state that nobody uses is not opened for a look: only a budget is kept there that is worth showing.
      const budget = service.revision.spec.budget === undefined ? null : await showBudget(kernel, { tenant, name });
      return serviceStatus(kernel, service, parts.events.recent(tenant, name, recentEvents), budget);
    },
    logs: (input, signal) =>
      lazily(() => {
        const request = accept(logsRequestSchema, input);
        const { ref } = kernel.get(request);
        const living = kernel.supervisor.instancesOf(ref).map(({ id }) => id);
        return logsOf((query, end) => parts.logs.read(query, end), request, living, signal);
      }),
    events: (input, signal) =>
      lazily(() => {
        const request = accept(eventsRequestSchema, input);
        if (request.name !== undefined) kernel.get({ tenant: request.tenant, name: request.name });
        return parts.events.read(request, signal);
      }),
    sandbox: async (input) => showSandbox(kernel, accept(sandboxRequestSchema, input)),
    why: async (input) => explainService(parts.events, kernel.get(accept(whyRequestSchema, input)).ref),
    upload: async (input) => upload(kernel, accept(uploadRequestSchema, input)),
    reload: async (input) => reload(kernel, accept(reloadRequestSchema, input)),
    crashes: async (input) => parts.crashes.list(kernel.get(accept(crashesRequestSchema, input)).ref),
    health: async () => health(kernel),
    version: async () => parts.version,
    shutdown: async (input) => kernel.shutdown(accept(shutdownRequestSchema, input)),
  };
}

function change<Request>(
  kernel: Kernel,
  request: Request,
  signal: AbortSignal | undefined,
  run: (kernel: Kernel, request: Request, report: ReportProgress) => Promise<DeployProgress>,
): AsyncIterable<DeployProgress> {
  kernel.refuseWhenStopping();
  return progressStream((report) => run(kernel, request, report), signal);
}
