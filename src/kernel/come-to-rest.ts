import type { Instance } from "../supervise/index.ts";
import type { Kernel } from "./kernel.ts";
import type { Service } from "./service.ts";

/** What the kernel does of itself when a service has come to rest. Called after every change of one. */
export function comeToRest(kernel: Kernel, service: Service): void {
  if (service.desired === "running") settleFinished(kernel, service);
  else closeDrained(kernel, service);
}

/** A service that its policy does not restart has ended: that is its desired state now, also for the next kernel. */
function settleFinished(kernel: Kernel, service: Service): void {
  const instances = kernel.supervisor.instancesOf(service.ref);
  if (service.operations.busy || instances.length === 0) return;
  if (!instances.every(({ state }) => state === "completed" || state === "failed")) return;
  try {
    kernel.commit(service, { desired: instances.some(({ state }) => state === "failed") ? "failed" : "completed" });
  } catch (error) {
    kernel.noteFailure(service.ref, error);
  }
}

/** A service that is not wanted any more keeps its address until the requests in flight are answered. */
function closeDrained(kernel: Kernel, { ref }: Service): void {
  const serves = ({ pid, state }: Instance) => pid !== null && state !== "stopping" && state !== "stopped";
  if (!kernel.supervisor.instancesOf(ref).some(serves)) kernel.routes.close(ref);
}
