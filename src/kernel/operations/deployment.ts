import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DeployProgress,
  type DeployResult,
  type OperationRequest,
  refusesNothing,
  type ServiceRef,
  type ServiceSpec,
} from "../../api/index.ts";
import { buildArtifact, capabilityChanges, revisionId, unfinishedFolder } from "../../deploy/index.ts";
import type { Reach } from "../../security/sandbox/index.ts";
import type { EarlyHost } from "../../supervise/index.ts";
import type { ReportProgress } from "../api/progress.ts";
import type { Kernel } from "../kernel.ts";
import { awaitDependencies } from "../rollout/dependencies.ts";
import { type ReportStep, replaceInstances, startFirst } from "../rollout/rollout.ts";
import { type Revision, Service } from "../service.ts";
import { deployResult } from "../views.ts";
import { refuseSharedPort, refuseTakenPort } from "./refuse-port.ts";
import { setReplicas } from "./scale.ts";
import { withTimeout } from "./with-timeout.ts";

/** One service's way from its source to ready instances. */
export class Deployment {
  readonly #begin: number;
  /** Whether whoever asked for it has an answer, and hears of nothing that comes after. */
  #isAnswered = false;
  /** Where the bundle is put together, if it is known beforehand. */
  #folder: string | undefined;
  /** Whether there was such an artifact already, elsewhere. */
  #isCached = false;

  constructor(
    private readonly kernel: Kernel,
    private readonly ref: ServiceRef,
    private readonly spec: ServiceSpec,
    /** Beyond which no file may be part of it; undefined: any may. */
    private readonly reach: Reach | undefined,
    private readonly request: OperationRequest<"deploy">,
    /** Names of the services that the same request deploys. */
    private readonly together: ReadonlySet<string>,
    private readonly report: ReportProgress,
  ) {
    this.#begin = kernel.clock.monotonic();
  }

  /** Makes the artifact, and finds what would keep it from starting; nothing of the service changes yet. */
  async build(): Promise<Revision> {
    const { artifacts } = this.kernel.paths;
    this.#folder = this.#canStartEarly ? unfinishedFolder(artifacts) : undefined;
    try {
      return await this.#build(artifacts, this.#folder);
    } catch (error) {
      if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** What a deploy would answer, changing nothing. */
  async plan(): Promise<() => DeployResult> {
    const folder = mkdtempSync(join(tmpdir(), "solo-plan-"));
    const revision = await this.#build(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
    const known = this.kernel.find(this.ref);
    const isSame =
      known !== undefined && this.#isCurrent(known, revision) && this.#replicasFor(known) === known.replicas;
    const describe = this.#result(revision, !isSame);
    const capability_changes = capabilityChanges(known?.revision.spec, this.spec);
    return () => ({ ...describe(), capability_changes });
  }

  /**
   * Takes its place among the service's operations at once, though what is to be deployed is still being built.
   * @returns what to tell about the service once the whole request is through
   */
  async run(building: Promise<Revision>): Promise<() => DeployResult> {
    const { kernel, ref, request } = this;
    const operations = kernel.operationsOf(ref);
    const isNext = !operations.busy;
    const accepted = Promise.withResolvers<void>();
    const changing = operations.run(async (signal) => {
      const early = isNext ? this.#startEarly() : undefined;
      const revision = await unlessAborted(building, signal).catch((error: unknown) => {
        early?.dismiss();
        throw error;
      });
      try {
        // Its sandbox lets it read the new bundle only.
        if (this.#isCached) early?.dismiss();
        return await this.#apply(revision, signal, accepted.resolve, early?.ifWaiting());
      } finally {
        early?.dismiss();
        // What a kernel that stops calls off it says to who waits; if nobody does, the next kernel goes on. A kill has ended it.
        if (!signal.aborted || !this.#isAnswered) kernel.rollouts.end(ref, revision.id);
      }
    });
    kernel.sweeper.after(ref, changing);
    if (request.wait) {
      const noteLate = (error: unknown) => kernel.noteFailure(ref, error);
      const limit = { timeoutMs: request.timeout_ms, name: ref.name, noteLate };
      const changed = await withTimeout(changing, limit).catch((error: unknown) => {
        this.#isAnswered = true;
        throw error;
      });
      return this.#result(await building, changed);
    }
    const revision = await building;
    let isOver = false;
    changing.catch((error: unknown) => kernel.noteFailure(ref, error)).finally(() => (isOver = true));
    // Answered once it is durable; behind another operation that may take its time, that is seen to here.
    if (isNext) await Promise.race([accepted.promise, changing]);
    else if (!isOver) kernel.rollouts.begin(ref, revision, this.#replicas);
    this.#isAnswered = true;
    return this.#result(revision, true);
  }

  /** @returns whether anything had to be done */
  async #apply(
    revision: Revision,
    signal: AbortSignal,
    accept: () => void,
    early: EarlyHost | undefined,
  ): Promise<boolean> {
    const { kernel, ref, request } = this;
    const known = kernel.find(ref);
    const replicas = this.#replicas;
    if (known !== undefined && this.#isCurrent(known, revision)) return this.#keep(known, replicas, signal, accept);
    const service = known ?? new Service(ref, revision, "stopped", 0, kernel.operationsOf(ref));
    const context = { kernel, service, signal, report: this.#step };
    const before = async () => {
      accept();
      this.#tellUnsandboxed(revision);
      if (known !== undefined) await kernel.parts.checkpoints.beforeRisk(ref, "update");
      await this.#awaitDependencies(signal);
    };
    if (service.desired === "running" && this.#isLive) {
      await replaceInstances(context, { revision, replicas, before });
    } else {
      await startFirst(context, { revision, replicas, wait: request.wait, early, before });
    }
    return true;
  }

  async #build(artifacts: string, unfinished?: string): Promise<Revision> {
    refuseSharedPort(this.ref.name, this.spec, this.#replicas);
    refuseTakenPort(this.kernel.supervisor.instancesOf(this.ref), this.spec);
    this.#step("build", this.spec.kind === "source" ? "bundling" : "checking");
    const built = await buildArtifact(this.spec, artifacts, { unfinished, within: this.reach?.paths });
    this.#isCached = built.cached;
    const { digest, entry, command, mentionsPort } = built;
    const artifact = { digest, entry, command: [...command], mentionsPort };
    return { id: revisionId(this.spec, digest), spec: this.spec, artifact };
  }

  /** Of a new service, which needs a process in any case, and waits for nothing but its bundle. */
  get #canStartEarly(): boolean {
    const { kernel, ref, spec, together } = this;
    const isNew = kernel.find(ref) === undefined && !kernel.isChanging(ref);
    const isAlone = together.size === 1 && Object.keys(spec.depends_on).length === 0;
    return isNew && isAlone && spec.kind === "source" && this.#replicas > 0;
  }

  #startEarly(): EarlyHost | undefined {
    const { kernel, ref, spec } = this;
    return this.#folder === undefined ? undefined : kernel.supervisor.startEarly(ref, spec, this.#folder);
  }

  get #isLive(): boolean {
    return this.kernel.supervisor.instancesOf(this.ref).some(({ pid }) => pid !== null);
  }

  /** The same content is deployed already; perhaps it is still starting, or another number of it is wanted. */
  async #keep(service: Service, replicas: number, signal: AbortSignal, accept: () => void): Promise<boolean> {
    const { kernel, request } = this;
    if (service.replicas !== replicas) {
      accept();
      if (service.desired === "completed") kernel.commit(service, { replicas });
      else await setReplicas(kernel, service, replicas, { wait: request.wait, signal, report: this.#step });
      return true;
    }
    this.#step("unchanged", "already running");
    accept();
    const instances = kernel.supervisor.instancesOf(service.ref);
    if (request.wait) await Promise.all(instances.map((instance) => kernel.supervisor.settled(instance, signal)));
    return false;
  }

  #tellUnsandboxed({ id, spec }: Revision): void {
    if (!refusesNothing(spec.sandbox.mode)) return;
    const { tenant, name } = this.ref;
    const event = spec.sandbox.mode === "audit" ? "service_recorded" : "service_unsandboxed";
    this.kernel.emit({ tenant, event, subject: `${tenant}/${name}`, data: { revision: id } });
  }

  async #awaitDependencies(signal: AbortSignal): Promise<void> {
    const dependencies = this.spec.depends_on;
    if (Object.keys(dependencies).length === 0) return;
    this.#step("wait", `for ${Object.keys(dependencies).join(", ")}`);
    const wait = { together: this.together, patient: false };
    await awaitDependencies(this.kernel, this.ref.tenant, dependencies, wait, signal);
  }

  #isCurrent(service: Service, revision: Revision): boolean {
    if (service.revision.id !== revision.id) return false;
    if (service.desired !== "running") return service.desired === "completed";
    const instances = this.kernel.supervisor.instancesOf(service.ref);
    return (
      instances.length >= Math.min(service.replicas, this.#replicasFor(service)) &&
      instances.every(({ isReady, state }) => isReady || state === "starting" || state === "completed")
    );
  }

  get #replicas(): number {
    return this.#replicasFor(this.kernel.find(this.ref));
  }

  #replicasFor(known: Service | undefined): number {
    return replicasOf(this.spec, known);
  }

  readonly #step = (
    phase: Parameters<ReportStep>[0] | "build" | "wait" | "unchanged",
    message: string,
    ready = 0,
    replicas = this.#replicas,
  ): void => {
    const time = new Date(this.kernel.clock.now()).toISOString();
    const progress: DeployProgress = { type: "phase", time, service: this.ref.name, phase, message, ready, replicas };
    this.report(progress);
  };

  #result(revision: Revision, changed: boolean): () => DeployResult {
    const { kernel, ref } = this;
    const took = Math.round(kernel.clock.monotonic() - this.#begin);
    return () => {
      const service = kernel.find(ref) ?? new Service(ref, revision, "stopped", 0, kernel.operationsOf(ref));
      return deployResult(kernel, service, revision, changed, took);
    };
  }
}

/** How many instances a service is to have that is deployed now: as many as it has, where nothing is said. */
export function replicasOf({ replicas }: ServiceSpec, known: Service | undefined): number {
  return replicas ?? (known?.replicas || 1);
}

/** The build itself goes on, and its artifact is there the next time; only nobody waits for it any more. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
