import type { OperationRequest, ShutdownResult } from "../api/index.ts";
import type { Kernel } from "./kernel.ts";
import type { Service } from "./service.ts";

/**
 * Stops every service, those that others depend on last, or lets all of them run on for the next kernel. What is desired of
 * them stays: the next kernel starts them again.
 */
export async function stopServices(kernel: Kernel, request: OperationRequest<"shutdown">): Promise<ShutdownResult> {
  const begin = kernel.clock.monotonic();
  const instances = [...kernel.supervisor.all()];
  const running = kernel
    .services()
    .filter(({ ref }) => kernel.supervisor.instancesOf(ref).some(({ pid }) => pid !== null));
  if (!request.keep_services)
    for (const wave of stopOrder(kernel.services()))
      await Promise.all(wave.map((service) => stopService(kernel, service)));
  const took_ms = Math.round(kernel.clock.monotonic() - begin);
  const kept = request.keep_services ? instances.filter(({ pid }) => pid !== null).length : 0;
  kernel.emit({
    tenant: "default",
    event: "kernel_stopped",
    subject: "kernel",
    data: { kept, stopped: instances.length - kept },
  });
  return { state: "stopped", pid: process.pid, kept, stopped: request.keep_services ? 0 : running.length, took_ms };
}

function stopService(kernel: Kernel, service: Service): Promise<void> {
  return service.operations.run(async () => {
    const instances = kernel.supervisor.instancesOf(service.ref);
    await Promise.all(instances.map((instance) => kernel.supervisor.retire(instance)));
  }, true);
}

/** Waves of services to stop at once: nobody stops before those that depend on it. */
export function stopOrder(services: readonly Service[]): Service[][] {
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
