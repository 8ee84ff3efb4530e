import { refusalAdvice, refusesNothing, type SandboxRefusal, type ServiceSpec, SoloError } from "../api/index.ts";
import type { Instance } from "./instance.ts";
import type { InstanceFailure } from "./instance-state.ts";
import { confinedInstance } from "./launch.ts";
import type { SuperviseRuntime } from "./runtime.ts";

/** Log lines that the error of a failed start carries. */
const quotedLogLines = 20;

/** Why an instance did not get ready, with the last it wrote and the place in its source. */
export async function startFailure(
  runtime: SuperviseRuntime,
  instance: Instance,
  failure: InstanceFailure,
): Promise<SoloError> {
  const { ref, spec } = instance.plan;
  const { reason, exit, frame, error } = failure;
  const lines = await runtime.logs.tail(ref, instance.id, quotedLogLines);
  const refused = runtime.sandbox.refusals(confinedInstance(runtime, instance.plan, instance), lines);
  const details = { instance: instance.id, logs: lines, frame, ...(refused.length > 0 && { refused }) };
  const hasFinished = exit.code === 0 && spec.restart.policy === "permanent";
  const hint = hasFinished
    ? "a service that is meant to end by itself is deployed with --restart transient"
    : (error?.hint ?? adviceOf(ref.name, refused) ?? generalHint(instance));
  // What kept a process from being started at all has a code of its own; how one ended has not.
  const code = error === undefined || error.code === "internal" ? "start_failed" : error.code;
  const said = reason.startsWith("did not get ready") ? reason : `did not get ready: ${reason}`;
  return new SoloError(code, `${ref.name} ${said}`, { hint, details, cause: error });
}

function adviceOf(name: string, refused: readonly SandboxRefusal[]): string | undefined {
  if (refused.length === 0) return undefined;
  const all = refused.map((refusal) => refusalAdvice(name, refusal)).join("; ");
  return `${all}; --unsandboxed does without a sandbox`;
}

function generalHint({ plan: { ref, spec }, lastExit }: Instance): string {
  const logs = `\`solo logs ${ref.name}\` shows all it wrote`;
  if (refusesNothing(spec.sandbox.mode)) return logs;
  if (lastExit?.signal === "SIGXFSZ") return `${logs}; it wrote a file longer than its sandbox's max_file_bytes`;
  return `${logs}; it runs in a sandbox, and \`solo sandbox show ${ref.name}\` tells what it may reach`;
}

/** Why an instance is given up that is still starting: the probe that fails, or what is known of it otherwise. */
export function notReadyInTime(
  { health }: ServiceSpec,
  probes: ReturnType<Instance["probes"]>,
  reason: string | null,
): string {
  const failing = probes.find(({ record }) => record.ok !== true);
  const seen = failing === undefined ? reason : `${failing.role} probe: ${failing.record.message}`;
  return `did not get ready within ${health.grace_ms} ms${seen === null ? "" : ` (${seen})`}`;
}
