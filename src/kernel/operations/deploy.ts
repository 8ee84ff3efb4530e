import {
  type DeployProgress,
  type DeployResult,
  type OperationRequest,
  type ServiceRef,
  type ServiceSpec,
  SoloError,
} from "../../api/index.ts";
import { checkDependencies } from "../../config/index.ts";
import { buildArtifact, revisionId } from "../../deploy/index.ts";
import { type Instance, isPortFree } from "../../supervise/index.ts";
import { awaitDependencies } from "../dependencies.ts";
import type { Kernel } from "../kernel.ts";
import type { ReportProgress } from "../progress.ts";
import { replaceInstances, startFirst } from "../rollout.ts";
import { type Revision, Service } from "../service.ts";
import { deployResult } from "../views.ts";
import { setReplicas } from "./scale.ts";
import { refuseSharedPort } from "./shared-port.ts";
import { withTimeout } from "./with-timeout.ts";

type Request = OperationRequest<"deploy">;

/** Deploys every service of a request; those that depend on others wait for them. */
export async function deploy(kernel: Kernel, request: Request, report: ReportProgress): Promise<DeployProgress> {
  const begin = kernel.clock.monotonic();
  refuseImpossible(kernel, request);
  kernel.routes.checkHosts(request.tenant, request.services);
  const names = new Set(request.services.map(({ name }) => name));
  const deployments = request.services.map(({ name, spec }) => {
    return new Deployment(kernel, { tenant: request.tenant, name }, spec, request, names, report);
  });
  const ready = await Promise.all(
    deployments.map(async (deployment) => ({ deployment, revision: await deployment.build() })),
  );
  // Only now does anything change: a mistake in one of the sources leaves all services as they were.
  if (!request.dry_run) for (const group of request.groups) kernel.declareGroup(request.tenant, group);
  const outcomes = await Promise.allSettled(ready.map(({ deployment, revision }) => deployment.run(revision)));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  // Told only now: a job that was ready when its own turn ended may have completed while others started.
  const services = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value()] : []));
  if (failed !== undefined) throw withOthers(SoloError.from(failed.reason), services);
  const time = new Date(kernel.clock.now()).toISOString();
  return { type: "result", time, services, took_ms: Math.round(kernel.clock.monotonic() - begin) };
}

/** @throws SoloError `invalid_config` for a dependency that can never be met */
function refuseImpossible(kernel: Kernel, { tenant, services }: Request): void {
  const deployed = kernel
    .services(tenant)
    .filter(({ desired }) => desired !== "stopped")
    .map(({ ref, revision }) => ({ name: ref.name, spec: revision.spec }));
  const [fault] = checkDependencies(services, deployed);
  if (fault === undefined) return;
  throw new SoloError("invalid_config", `${fault.service} depends on ${fault.dependency}: ${fault.message}`, {
    hint: fault.hint,
  });
}

/** One service's way from its source to ready instances. */
class Deployment {
  readonly #begin: number;
  readonly #replicas: number;

  constructor(
    private readonly kernel: Kernel,
    private readonly ref: ServiceRef,
    private readonly spec: ServiceSpec,
    private readonly request: Request,
    private readonly together: ReadonlySet<string>,
    private readonly report: ReportProgress,
  ) {
    this.#begin = kernel.clock.monotonic();
    this.#replicas = spec.replicas ?? (kernel.find(ref)?.replicas || 1);
  }

  /** @returns what to tell about the service once the whole request is through */
  async run(revision: Revision): Promise<() => DeployResult> {
    const known = this.kernel.find(this.ref);
    if (this.request.dry_run) return this.#plan(known, revision);
    const service = known ?? this.kernel.add(new Service(this.ref, revision, "stopped", 0));
    const changing = service.operations.run((signal) => this.#apply(service, revision, signal));
    if (!this.request.wait) {
      changing.catch((error: unknown) => this.kernel.noteFailure(this.ref, error));
      return this.#result(service, revision, true);
    }
    const changed = await withTimeout(changing, this.request.timeout_ms, this.ref.name);
    return this.#result(service, revision, changed);
  }

  /** Makes the artifact, and finds what would keep it from starting; nothing of the service changes yet. */
  async build(): Promise<Revision> {
    refuseSharedPort(this.ref.name, this.spec, this.#replicas);
    refuseTakenPort(this.kernel.supervisor.instancesOf(this.ref), this.spec);
    this.#tell("build", this.spec.kind === "source" ? "bundling" : "checking");
    const built = await buildArtifact(this.spec, this.kernel.paths.artifacts);
    const { digest, entry, command, mentionsPort } = built;
    const artifact = { digest, entry, command: [...command], mentionsPort };
    return { id: revisionId(this.spec, digest), spec: this.spec, artifact };
  }

  /** @returns whether anything had to be done */
  async #apply(service: Service, revision: Revision, signal: AbortSignal): Promise<boolean> {
    if (this.#isCurrent(service, revision)) {
      if (service.replicas === this.#replicas) {
        this.#tell("unchanged", "already running");
        return false;
      }
      await setReplicas(this.kernel, service, this.#replicas, {
        wait: this.request.wait,
        signal,
        report: this.#step,
      });
      return true;
    }
    if (Object.keys(this.spec.depends_on).length > 0) {
      this.#tell("wait", `for ${Object.keys(this.spec.depends_on).join(", ")}`);
      await awaitDependencies(this.kernel, this.ref.tenant, this.spec.depends_on, this.together, signal);
    }
    const live = this.kernel.supervisor.instancesOf(this.ref).some(({ pid }) => pid !== null);
    const context = { kernel: this.kernel, service, signal, report: this.#step };
    if (service.desired === "running" && live) {
      await replaceInstances(context, revision, this.#replicas);
    } else {
      await startFirst(context, revision, this.#replicas, this.request.wait);
    }
    return true;
  }

  #isCurrent(service: Service, revision: Revision): boolean {
    if (service.revision.id !== revision.id) return false;
    if (service.desired === "completed") return true;
    return (
      service.desired === "running" && this.kernel.readyCount(service) >= Math.min(service.replicas, this.#replicas)
    );
  }

  #plan(known: Service | undefined, revision: Revision): () => DeployResult {
    const same = known !== undefined && this.#isCurrent(known, revision) && known.replicas === this.#replicas;
    const service = known ?? new Service(this.ref, revision, "stopped", 0);
    return this.#result(service, revision, !same);
  }

  readonly #step = (
    phase: "start" | "ready" | "replace" | "stop",
    message: string,
    ready: number,
    replicas: number,
  ): void => {
    this.#tell(phase, message, ready, replicas);
  };

  #tell(
    phase: Extract<DeployProgress, { type: "phase" }>["phase"],
    message: string,
    ready = 0,
    replicas = this.#replicas,
  ): void {
    const time = new Date(this.kernel.clock.now()).toISOString();
    this.report({ type: "phase", time, service: this.ref.name, phase, message, ready, replicas });
  }

  #result(service: Service, revision: Revision, changed: boolean): () => DeployResult {
    const took = Math.round(this.kernel.clock.monotonic() - this.#begin);
    return () => deployResult(this.kernel, service, revision, changed, took);
  }
}

/**
 * Without this a probe of the port would take the program that has it for the service's own.
 * @throws SoloError `port_in_use` when a program other than the service itself listens on its fixed port
 */
function refuseTakenPort(instances: readonly Instance[], { fixed_port: port }: ServiceSpec): void {
  if (port === undefined || instances.some((instance) => instance.pid !== null && instance.port === port)) return;
  if (isPortFree(port)) return;
  throw new SoloError("port_in_use", `port ${port} is in use by another program`, {
    hint: `stop it (\`ss -ltnp 'sport = :${port}'\` shows which), or give the service another port`,
  });
}

function withOthers(error: SoloError, services: readonly DeployResult[]): SoloError {
  if (services.length === 0) return error;
  return new SoloError(error.code, error.message, {
    ...(error.hint !== null && { hint: error.hint }),
    applied: "yes",
    details: { ...error.details, deployed: services.map(({ service }) => service) },
    cause: error,
  });
}
