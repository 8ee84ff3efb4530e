import {
  type OperationRequest,
  refusesNothing,
  type SandboxDocument,
  type ServiceRef,
  toldRefusalSchema,
} from "../../api/index.ts";
import { inspectProcess, scoreOf } from "../../security/sandbox/index.ts";
import { workingFolder } from "../../supervise/index.ts";
import { mechanisms } from "../../system/index.ts";
import type { Kernel } from "../kernel.ts";
import { learnedOf } from "../learning/index.ts";

/** What a service's processes are confined to, by the words of the operating system where it tells. */
export async function showSandbox(kernel: Kernel, request: OperationRequest<"sandbox">): Promise<SandboxDocument> {
  const service = kernel.get(request);
  await kernel.parts.recorders.settled(service.ref);
  const { spec, artifact, id: revision } = service.revision;
  const { sandbox } = spec;
  const instances = kernel.supervisor
    .instancesOf(service.ref)
    .map((instance) => inspectProcess(instance.id, instance.pid, instance.plan.spec.sandbox));
  const running = instances.filter(({ pid }) => pid !== null);
  const [first] = kernel.supervisor.instancesOf(service.ref);
  const policy = kernel.parts.sandboxes.policyOf({
    spec,
    revision,
    ref: service.ref,
    id: first?.id ?? "INSTANCE",
    port: first?.port ?? 0,
    cwd: workingFolder(spec),
    executable: artifact.command[0] ?? "",
    entry: artifact.entry,
    streams: first?.fifos() ?? [],
    secrets: (spec.secrets ?? []).length === 0 ? null : kernel.parts.secrets.filesOf(first?.id ?? "INSTANCE"),
    token: kernel.parts.tokens.fileOf(first?.id ?? "INSTANCE"),
  });
  const isFree = refusesNothing(sandbox.mode);
  const could = sandbox.mode === "off" ? 0 : scoreOf(sandbox);
  return {
    service: service.ref.name,
    tenant: service.ref.tenant,
    revision,
    mode: sandbox.mode,
    score: running.length === 0 ? could : Math.min(...running.map(({ score }) => score)),
    mechanisms: mechanisms().map(({ name, available, detail }) => ({ name, available, detail })),
    paths: (policy?.paths ?? []).map(({ path, origin, read = false, write = false, execute = false }) => {
      return { path, read: read || write, write, execute, origin };
    }),
    connect: policy === undefined || isFree ? "any" : ports(policy.connect),
    listen: policy === undefined || isFree ? "any" : ports(policy.listen),
    declared: { read: sandbox.read, write: sandbox.write, connect: sandbox.connect, listen: sandbox.listen },
    instances,
    refused: refusedLately(kernel, service.ref),
    learned: learnedOf(kernel, service),
  };
}

/** Events of a service among which refusals are looked for. */
const recentEvents = 200;

function refusedLately(kernel: Kernel, { tenant, name }: ServiceRef): SandboxDocument["refused"] {
  return kernel.parts.events
    .recent(tenant, name, recentEvents)
    .filter(({ event }) => event === "sandbox_refused")
    .flatMap(({ time, subject, data }) => {
      const told = toldRefusalSchema.safeParse({ ...data, time, instance: subject.split("/")[2] });
      return told.success ? [told.data] : [];
    });
}

function ports(allowed: "any" | readonly number[]): "any" | number[] {
  return allowed === "any" ? "any" : allowed.filter((port) => port !== 0);
}
