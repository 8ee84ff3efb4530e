import { type OperationRequest, type ReloadResult, SoloError } from "../../api/index.ts";
import { errorWithoutSecrets, reloadAgent } from "../../supervise/index.ts";
import type { Kernel } from "../kernel.ts";
import { withTimeout } from "./with-timeout.ts";

/**
 * Hands an agent new code while it runs. Its state is kept as a checkpoint first. The code is not kept: a process that is
 * started again runs the program that was deployed.
 * @throws SoloError `conflict` for what takes no code while it runs, `failed` with the agent's own error
 */
export async function reload(kernel: Kernel, request: OperationRequest<"reload">): Promise<ReloadResult> {
  const { name, module, code, timeout_ms: timeoutMs } = request;
  const { ref, key, revision, operations } = kernel.get(request);
  if (revision.spec.kind !== "port") {
    throw new SoloError("conflict", `${name} takes no code while it runs: only agents (kind port) can`, {
      hint: `deploy it again: \`solo deploy\` replaces its instances without losing a request`,
    });
  }
  const begin = kernel.clock.monotonic();
  const bytes = Buffer.byteLength(code);
  const reloading = operations.run(async (signal) => {
    const instance = kernel.supervisor.instancesOf(ref).find(({ process }) => process?.agent !== undefined);
    const agent = instance?.process?.agent;
    if (instance === undefined || agent === undefined) {
      throw new SoloError("not_running", `${name} is not running`, { hint: `\`solo restart ${name}\` starts it` });
    }
    await kernel.parts.checkpoints.beforeRisk(ref, "hot_reload");
    const checkpoint = kernel.parts.checkpoints.of(ref).newest()?.id ?? null;
    await reloadAgent(agent, { code, module, backup_checkpoint_id: checkpoint }, { timeoutMs, signal });
    const data = { instance: instance.id, module, bytes, checkpoint };
    kernel.emit({ tenant: ref.tenant, event: "hot_reloaded", subject: key, data });
    const { tenant } = ref;
    const took_ms = Math.round(kernel.clock.monotonic() - begin);
    return { service: name, tenant, instance: instance.id, module, bytes, checkpoint, took_ms };
  });
  const noteLate = (error: unknown) => kernel.noteFailure(ref, error);
  return withTimeout(reloading, { timeoutMs, name, noteLate }).catch((error: unknown) => {
    throw errorWithoutSecrets(error, (text) => kernel.parts.secrets.redaction.text(ref, text));
  });
}
