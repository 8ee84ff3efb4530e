import type { ServiceRef } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";

/** Whether what an instance runs names a service among those that it may call. It may always call its own, and never another tenant's. */
export function allows(
  kernel: Kernel,
  { ref, instance }: { readonly ref: ServiceRef; readonly instance: string },
  to: ServiceRef,
): boolean {
  if (ref.tenant !== to.tenant) return false;
  if (ref.name === to.name) return true;
  const running = kernel.supervisor.instancesOf(ref).find(({ id }) => id === instance);
  const spec = running?.plan.spec ?? kernel.find(ref)?.revision.spec;
  return spec?.allow?.call.includes(to.name) === true;
}
