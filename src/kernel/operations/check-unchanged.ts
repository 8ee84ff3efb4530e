import { type ServiceRef, SoloError, serviceKey } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";

/**
 * Refuses a change by someone who decided on it while the service was another. What is being done to it now may be a change
 * that is not committed yet, so that counts as one.
 *
 * @param ifUpdated the `updated` of the status that the decision came from; undefined: it does not matter
 * @throws SoloError `conflict`, with `details.precondition`
 */
export function checkUnchanged(kernel: Kernel, ref: ServiceRef, ifUpdated: string | undefined): void {
  if (ifUpdated === undefined) return;
  const service = kernel.find(ref);
  const isSame = service !== undefined && service.updated === Date.parse(ifUpdated) && !kernel.isChanging(ref);
  if (isSame) return;
  throw new SoloError("conflict", `${serviceKey(ref)} has changed since ${ifUpdated}`, {
    hint: `look at it again: \`solo status ${ref.name}\``,
    details: { precondition: true, updated: service === undefined ? null : new Date(service.updated).toISOString() },
  });
}
