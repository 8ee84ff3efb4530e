import type { Check } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { showBudget } from "../operations/steps.ts";

/** From this share on a budget is near its end. */
const nearShare = 0.9;

/** Budgets of services that are nearly or wholly used up. A state that nobody uses is not opened for a look. */
export async function budgetsCheck(kernel: Kernel): Promise<Check | undefined> {
  const bounded = kernel.services().filter(({ revision, desired }) => {
    return revision.spec.budget !== undefined && desired === "running";
  });
  if (bounded.length === 0) return undefined;
  const near: string[] = [];
  for (const { ref, key } of bounded) {
    if (kernel.parts.states.peek(ref) === undefined) continue;
    const { resources } = await showBudget(kernel, ref);
    for (const { resource, limit, used, reserved } of resources) {
      if (limit === null || used + reserved < limit * nearShare) continue;
      const spent = used + reserved >= limit ? "is used up" : "is nearly used up";
      near.push(`${key}: ${resource} ${spent} (${used + reserved} of ${limit})`);
    }
  }
  if (near.length === 0) return { name: "budgets", status: "healthy", message: "none is near its end" };
  return { name: "budgets", status: "degraded", message: near.slice(0, 3).join("; ") };
}
