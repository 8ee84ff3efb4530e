import {
  type Caller,
  type DeployProgress,
  type DeployResult,
  type OperationRequest,
  type ServiceSpec,
  SoloError,
} from "../../api/index.ts";
import type { NamedService } from "../../config/index.ts";
import { type Reach, refuseBeyond, withinReach } from "../../security/sandbox/index.ts";
import { workingFolder } from "../../supervise/index.ts";
import type { ReportProgress } from "../api/progress.ts";
import type { Kernel } from "../kernel.ts";
import { reachOf } from "../reach.ts";
import { checkSecrets } from "../secrets.ts";
import type { Revision } from "../service.ts";
import { checkUnchanged } from "./check-unchanged.ts";
import { Deployment, replicasOf } from "./deployment.ts";
import { refuseImpossible } from "./refuse-impossible.ts";

type Request = OperationRequest<"deploy">;

export interface DeployContext {
  readonly report: ReportProgress;
  /** Rejects when the deploy can't be recorded: it changes nothing then. */
  readonly recorded: Promise<void>;
}

/** Deploys every service of a request; those that depend on others wait for them. */
export async function deploy(
  kernel: Kernel,
  caller: Caller,
  request: Request,
  { report, recorded }: DeployContext,
): Promise<DeployProgress> {
  const begin = kernel.clock.monotonic();
  const reaches = request.services.map(({ name, spec }) => {
    const reach = reachOf(kernel, caller, { tenant: request.tenant, name });
    if (reach !== undefined) refuseBeyond(name, spec, reach);
    return reach;
  });
  refuseImpossible(request, deployedIn(kernel, request.tenant));
  kernel.routes.checkHosts(request.tenant, request.services);
  checkSecrets(request, (ref, wanted) => kernel.parts.secrets.check(ref, wanted));
  const release = kernel.parts.quotas.enter(
    request.tenant,
    request.services.map(({ name, spec }) => {
      const known = kernel.find({ tenant: request.tenant, name });
      return { name, spec, replicas: replicasOf(spec, known) };
    }),
  );
  try {
    return await run(kernel, request, reaches, { report, recorded }, begin);
  } finally {
    release();
  }
}

async function run(
  kernel: Kernel,
  request: Request,
  reaches: readonly (Reach | undefined)[],
  { report, recorded }: DeployContext,
  begin: number,
): Promise<DeployProgress> {
  const names = new Set(request.services.map(({ name }) => name));
  const deployments = request.services.map(({ name, spec }, index) => {
    const reach = reaches[index];
    const checked = checkedSpec(kernel, name, spec, reach);
    return new Deployment(kernel, { tenant: request.tenant, name }, checked, reach, request, names, report);
  });
  const tell = request.dry_run
    ? await Promise.all(deployments.map((deployment) => deployment.plan()))
    : await change(kernel, request, deployments, recorded);
  // Told only now: a job that was ready when its own turn ended may have completed while others started.
  const services = tell.map((describe) => describe());
  const time = new Date(kernel.clock.now()).toISOString();
  return { type: "result", time, services, took_ms: Math.round(kernel.clock.monotonic() - begin) };
}

/** Once more when links are resolved: what they point to may have changed since. */
function checkedSpec(kernel: Kernel, name: string, spec: ServiceSpec, reach: Reach | undefined): ServiceSpec {
  const checked = kernel.parts.sandboxes.check(name, spec, workingFolder(spec));
  if (reach === undefined) return checked;
  refuseBeyond(name, checked, reach);
  return withinReach(checked, reach);
}

/** Runs the deployments side by side. A mistake in one of the sources leaves all services as they were. */
async function change(
  kernel: Kernel,
  request: Request,
  deployments: readonly Deployment[],
  recorded: Promise<void>,
): Promise<(() => DeployResult)[]> {
  checkPrecondition(kernel, request);
  const building = buildAll(kernel, request, deployments, recorded);
  const running = deployments.map((deployment) =>
    deployment.run(building.then((revisions) => revisions.get(deployment) ?? missing())),
  );
  const outcomes = await Promise.allSettled(running);
  const done = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const errors = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [SoloError.from(outcome.reason)] : []));
  // The cause, rather than what it did to those that depend on it.
  const first = errors.find(({ details }) => details?.dependency === undefined) ?? errors[0];
  if (first !== undefined) throw withOthers(first, done);
  return done;
}

function checkPrecondition(kernel: Kernel, { tenant, services: [first, ...others], if_updated }: Request): void {
  if (if_updated === undefined || first === undefined) return;
  if (others.length > 0) {
    throw new SoloError("invalid_request", "if_updated: is the state of one service, and this deploys several", {
      details: { field: "if_updated" },
    });
  }
  checkUnchanged(kernel, { tenant, name: first.name }, if_updated);
}

async function buildAll(
  kernel: Kernel,
  request: Request,
  deployments: readonly Deployment[],
  recorded: Promise<void>,
): Promise<Map<Deployment, Revision>> {
  const built = deployments.map(async (deployment) => [deployment, await deployment.build()] as const);
  const revisions = new Map(
    await Promise.all(built).catch((error: unknown) => {
      throw SoloError.from(error, "no");
    }),
  );
  // A bundle that nothing refers to is none of the state: up to here, nothing has changed.
  await recorded;
  for (const group of request.groups) kernel.declareGroup(request.tenant, group);
  return revisions;
}

function deployedIn(kernel: Kernel, tenant: string): NamedService[] {
  return kernel
    .services(tenant)
    .filter(({ desired }) => desired !== "stopped")
    .map(({ ref, revision }) => ({ name: ref.name, spec: revision.spec }));
}

function withOthers(error: SoloError, done: readonly (() => DeployResult)[]): SoloError {
  if (done.length === 0) return error;
  const deployed = done.map((describe) => describe().service);
  return new SoloError(error.code, error.message, {
    ...(error.hint !== null && { hint: error.hint }),
    applied: "yes",
    details: { ...error.details, deployed },
    cause: error,
  });
}

function missing(): never {
  throw new Error("a deployment was not built");
}
