import type { Instance } from "./instance.ts";

/** Within namespaces of its own a program is the second process: the first one waits for it. */
const pidWithin = 2;

/** The pid that a host tells as its own, as the kernel knows it: in namespaces it has another one for itself. */
export function pidOfHost({ plan, pid }: Pick<Instance, "plan" | "pid">, told: number): number {
  return plan.spec.sandbox.namespaces === true && told === pidWithin ? (pid ?? told) : told;
}
