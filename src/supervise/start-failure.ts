import { SoloError } from "../api/index.ts";
import type { Instance } from "./instance.ts";
import type { InstanceFailure } from "./instance-state.ts";
import type { LogPort } from "./runtime.ts";

/** Log lines that the error of a failed start carries. */
const quotedLogLines = 20;

/** Why an instance did not get ready, with the last it wrote and the place in its source. */
export async function startFailure(logs: LogPort, instance: Instance, failure: InstanceFailure): Promise<SoloError> {
  const { ref, spec } = instance.plan;
  const { reason, exit, frame, error } = failure;
  const lines = await logs.tail(ref, instance.id, quotedLogLines);
  const details = { instance: instance.id, logs: lines, frame };
  const hasFinished = exit.code === 0 && spec.restart.policy === "permanent";
  const hint = hasFinished
    ? "a service that is meant to end by itself is deployed with --restart transient"
    : (error?.hint ?? `\`solo logs ${ref.name}\` shows all it wrote${spec.sandbox ? sandboxHint(ref.name) : ""}`);
  // What kept a process from being started at all has a code of its own; how one ended has not.
  const code = error === undefined || error.code === "internal" ? "start_failed" : error.code;
  const said = reason.startsWith("did not get ready") ? reason : `did not get ready: ${reason}`;
  return new SoloError(code, `${ref.name} ${said}`, { hint, details, cause: error });
}

function sandboxHint(name: string): string {
  return `; it runs in a sandbox, and \`solo sandbox show ${name}\` tells what it may reach`;
}
