import { type OperationRequest, type ShutdownResult, SoloError } from "../../api/index.ts";
import type { Instance } from "../../supervise/index.ts";
import type { Kernel } from "../kernel.ts";
import type { Service } from "../service.ts";
import { inTime } from "./in-time.ts";

/**
 * Stops every service, those that others depend on last, or lets all of them run on for the next kernel. What is desired of
 * them stays: the next kernel starts them again. Every operation has been called off before.
 * @throws SoloError `stop_failed` when some processes can't be ended; everything else is stopped then
 */
export async function stopServices(kernel: Kernel, request: OperationRequest<"shutdown">): Promise<ShutdownResult> {
  const begin = kernel.clock.monotonic();
  const { keep_services } = request;
  kernel.emit({ tenant: "default", event: "kernel_stopping", subject: "kernel", data: { keep_services } });
  const isLive = ({ pid }: Instance) => pid !== null;
  const instances = [...kernel.supervisor.all()].filter(isLive);
  const running = kernel.services().filter(({ ref }) => kernel.supervisor.instancesOf(ref).some(isLive));
  const failures = request.keep_services
    ? await settleAll(kernel)
    : await inTime(stopAll(kernel), request.grace_ms ?? stopLimitMs(running), () => hasten(kernel));
  if (!request.keep_services) await kernel.parts.checkpoints.atShutdown();
  const took_ms = Math.round(kernel.clock.monotonic() - begin);
  const kept = request.keep_services ? [...kernel.supervisor.all()].filter(isLive).length : 0;
  kernel.emit({
    tenant: "default",
    event: "kernel_stopped",
    subject: "kernel",
    data: { kept, stopped: request.keep_services ? 0 : instances.length },
  });
  if (failures.length > 0) throw failures[0];
  return { state: "stopped", pid: process.pid, kept, stopped: request.keep_services ? 0 : running.length, took_ms };
}

/** All services together, those that wait for others included, get so long to stop; or as long as one of them asks for. */
const leastStopLimitMs = 30_000;

function stopLimitMs(running: readonly Service[]): number {
  return Math.max(leastStopLimitMs, ...running.map(({ revision }) => revision.spec.stop_grace_ms));
}

/** Kills what is left, also of those that have not been asked yet. */
function hasten(kernel: Kernel): void {
  const left = [...kernel.supervisor.all()].filter(({ pid }) => pid !== null);
  kernel.emit({
    tenant: "default",
    event: "kernel_stop_hastened",
    subject: "kernel",
    data: { instances: left.map(({ id }) => id).slice(0, 100) },
  });
  for (const instance of left) instance.hasten({ force: true });
}

/** Lets what was called off come to its end. */
async function settleAll(kernel: Kernel): Promise<SoloError[]> {
  await Promise.all(kernel.services().map((service) => service.operations.run(async () => {}, true)));
  return [];
}

/** Each tenant by itself: none waits for the services of another. */
async function stopAll(kernel: Kernel): Promise<SoloError[]> {
  const tenants = Map.groupBy(kernel.services(), ({ ref }) => ref.tenant);
  const failures = await Promise.all([...tenants.values()].map((services) => stopInOrder(kernel, services)));
  return failures.flat();
}

async function stopInOrder(kernel: Kernel, services: readonly Service[]): Promise<SoloError[]> {
  const failures: SoloError[] = [];
  for (const wave of stopOrder(services)) {
    const outcomes = await Promise.allSettled(wave.map((service) => stopService(kernel, service)));
    for (const outcome of outcomes) if (outcome.status === "rejected") failures.push(SoloError.from(outcome.reason));
  }
  return failures;
}

function stopService(kernel: Kernel, service: Service): Promise<void> {
  return service.operations.run(async () => {
    const instances = kernel.supervisor.instancesOf(service.ref);
    const outcomes = await Promise.allSettled(instances.map((instance) => kernel.supervisor.retire(instance)));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }, true);
}

/** Waves of services to stop at once: nobody stops before those that depend on it. */
function stopOrder(services: readonly Service[]): Service[][] {
  const waves: Service[][] = [];
  let left = [...services];
  while (left.length > 0) {
    const needed = new Set(
      left.flatMap(({ ref, revision }) => Object.keys(revision.spec.depends_on).map((name) => `${ref.tenant}/${name}`)),
    );
    const wave = left.filter(({ key }) => !needed.has(key));
    // A cycle is refused at deploy; one that came about by several deploys must not keep the kernel from stopping.
    waves.push(wave.length > 0 ? wave : left);
    left = wave.length > 0 ? left.filter((service) => !wave.includes(service)) : [];
  }
  return waves;
}
