import { type Check, serviceKey } from "../../api/index.ts";
import type { ServiceStates } from "../../state/index.ts";

/** Whether services can use what they keep: one that can't be opened, takes no writes or is not brought to disk is told of. */
export function statesCheck(states: ServiceStates): Check {
  const troubles = [...states.troubles()];
  const [first] = troubles;
  if (first === undefined) {
    const open = [...states.openNow()].length;
    return { name: "states", status: "healthy", message: open === 1 ? "1 is open" : `${open} are open` };
  }
  const others = troubles.length === 1 ? "" : ` (and ${troubles.length - 1} more)`;
  return { name: "states", status: "degraded", message: `${serviceKey(first.ref)}: ${first.problem}${others}` };
}
