import { type OperationName, operations } from "./operations.ts";

/**
 * Whether an operation is done once under an idempotency key (the header `Idempotency-Key`): all that may change something,
 * calls of services too.
 */
export function isKeyed(name: OperationName): boolean {
  return operations[name].method === "POST" && !reads.has(name);
}

/** What is a POST for the sake of its input alone: to repeat it does no harm. */
const reads: ReadonlySet<OperationName> = new Set(["secretGet", "capabilityVerify"]);
