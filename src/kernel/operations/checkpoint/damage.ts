import { type ServiceRef, SoloError } from "../../../api/index.ts";
import { isDamaged } from "../../../state/failure/index.ts";
import type { ServiceState } from "../../../state/index.ts";
import type { Kernel } from "../../kernel.ts";

/** The state of a service; or, when its own files can't be read, why: then its checkpoints can be used all the same. */
export async function openOrDamage(
  kernel: Kernel,
  ref: ServiceRef,
): Promise<{ readonly state?: ServiceState; readonly damage?: SoloError }> {
  try {
    return { state: await kernel.parts.states.open(ref) };
  } catch (error) {
    if (error instanceof SoloError && isDamaged(error)) return { damage: error };
    throw error;
  }
}
