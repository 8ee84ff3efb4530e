import { type OperationName, operations } from "../../api/index.ts";

/** What an agent's program is told of a tool before it lets the agent use it (MCP's `ToolAnnotations`). */
export interface ToolAnnotations {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

export function annotationsOf(name: OperationName): ToolAnnotations {
  const reads = isReadOnly(name);
  return {
    title: titleOf(name),
    readOnlyHint: reads,
    destructiveHint: isDestructive(name),
    idempotentHint: reads || idempotent.has(name),
    // What a service does when it is called, nobody here knows.
    openWorldHint: name === "call",
  };
}

/**
 * Whether it is asked back before it is done. All that changes something is, unless it is known to take nothing away: an
 * operation that is new is asked back too.
 */
export function isDestructive(name: OperationName): boolean {
  return operations[name].changes && !additive.has(name);
}

/** A call changes nothing of the kernel, but may change anything else. */
function isReadOnly(name: OperationName): boolean {
  return name === "secretGet" || (!operations[name].changes && name !== "call");
}

/** `checkpointCreate` → `Checkpoint create`. */
function titleOf(name: OperationName): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words[0]?.toUpperCase()}${words.slice(1)}`;
}

/** They change something, but nothing is lost by them: they add, or what they replace stays and can be had again. */
const additive: ReadonlySet<OperationName> = new Set([
  "deploy",
  "restart",
  "scale",
  "signal",
  "upload",
  "checkpointCreate",
  "checkpointFork",
  "checkpointExport",
  "capabilityGrant",
  "capabilityAttenuate",
  "capabilityDelegate",
  "secretGet",
  "secretUnlock",
]);

/** Done twice, they leave what they leave when done once. */
const idempotent: ReadonlySet<OperationName> = new Set([
  "deploy",
  "scale",
  "kill",
  "upload",
  "stateSet",
  "stateDelete",
  "stateImport",
  "checkpointDelete",
  "secretSet",
  "secretDelete",
  "secretUnlock",
  "capabilityRevoke",
  "shutdown",
]);
