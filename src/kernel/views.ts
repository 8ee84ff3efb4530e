import type {
  BudgetDocument,
  DeployResult,
  EventDocument,
  InstanceDetail,
  LastExit,
  ServiceRow,
  ServiceStatus,
} from "../api/index.ts";
import type { Instance, UsageSample } from "../supervise/index.ts";
import type { Kernel } from "./kernel.ts";
import { type Revision, type Service, serviceState } from "./service.ts";

/** The documents that describe services, made from the kernel's memory. */

export function deployResult(
  kernel: Kernel,
  service: Service,
  revision: Revision,
  changed: boolean,
  tookMs: number,
): DeployResult {
  const instances = kernel.supervisor.instancesOf(service.ref);
  return {
    service: service.ref.name,
    tenant: service.ref.tenant,
    revision: revision.id,
    kind: revision.spec.kind,
    state: serviceState(service, instances),
    instances: instances.map(({ id, pid, state, port, serves }) => ({ id, pid, state, port: serves ? port : null })),
    url: kernel.routes.url(service.ref, instances) ?? comingUrl(kernel, service, revision, instances),
    changed,
    took_ms: tookMs,
  };
}

/** Where a service that is about to start will answer, when that is known before: its program says so, or it did last time. */
function comingUrl(
  { routes }: Kernel,
  service: Service,
  { spec, artifact }: Revision,
  instances: readonly Instance[],
): string | null {
  const isComing = service.desired === "running" && service.replicas > 0 && !instances.some(({ isReady }) => isReady);
  const announced = spec.kind === "command" && (artifact.mentionsPort || spec.fixed_port !== undefined);
  return isComing && (announced || service.serves) ? routes.address(service.ref) : null;
}

/** Made for every service of a list: one pass over the instances, nothing allocated on the way. */
export function serviceRow(kernel: Kernel, service: Service, instances: readonly Instance[]): ServiceRow {
  let [ready, restarts, uptimeMs, rssBytes, cpuPercent] = [0, 0, 0, 0, 0];
  for (const instance of instances) {
    const usage = kernel.parts.limits.latestOf(instance);
    if (instance.isReady) ready++;
    uptimeMs = Math.max(uptimeMs, instance.uptimeMs);
    restarts += instance.restarts;
    rssBytes += usage.rssBytes;
    cpuPercent += usage.cpuPercent;
  }
  return {
    service: service.ref.name,
    tenant: service.ref.tenant,
    revision: service.revision.id,
    kind: service.revision.spec.kind,
    state: serviceState(service, instances),
    replicas: service.replicas,
    ready,
    restarts,
    uptime_ms: uptimeMs,
    rss_bytes: rssBytes,
    cpu_percent: Math.round(cpuPercent * 10) / 10,
    url: kernel.routes.url(service.ref, instances),
    sandbox: service.revision.spec.sandbox.mode,
  };
}

export function serviceStatus(
  kernel: Kernel,
  service: Service,
  recent: EventDocument[],
  budget: BudgetDocument | null,
): ServiceStatus {
  const instances = kernel.supervisor.instancesOf(service.ref);
  const row = serviceRow(kernel, service, instances);
  return {
    ...row,
    created: textOf(service.created),
    updated: textOf(service.updated),
    instances: instances.map((instance) => instanceDetail(kernel, instance)),
    health: { status: healthOf(row), probes: instances.flatMap((instance) => probesOf(instance)) },
    limits: { log_bytes: service.revision.spec.log_bytes, ...service.revision.spec.limits },
    budget,
    ...pressure(kernel, service),
    recent_events: recent,
    last_exit: lastExit(instances) ?? service.lastExit ?? null,
  };
}

/** What waits for a service, and who may not call it for now. */
function pressure({ parts: { traffic } }: Kernel, service: Service): Pick<ServiceStatus, "mailbox" | "breakers"> {
  const { waiting, inFlight, limit, delivered, refused, expired } = traffic.mailboxes.statsOf(service.ref);
  const breakers = traffic.breakers.of(service.key);
  return {
    mailbox: { waiting, in_flight: inFlight, limit, delivered, refused, expired },
    breakers: breakers.map(({ retryInMs, ...breaker }) => ({ ...breaker, retry_in_ms: retryInMs })),
  };
}

function healthOf(row: ServiceRow): ServiceStatus["health"]["status"] {
  if (row.state === "ready") return "healthy";
  if (row.state === "degraded") return "degraded";
  return row.state === "stopped" || row.state === "completed" ? "unknown" : "unhealthy";
}

/** The latest end of a process among some instances. */
export function lastExit(instances: readonly Instance[]): LastExit | undefined {
  const [latest] = instances
    .flatMap(({ id, lastExit: exit }) => (exit === undefined ? [] : [{ id, ...exit }]))
    .sort((one, other) => other.time - one.time);
  if (latest === undefined) return undefined;
  const { id, time, code, signal, known, reason } = latest;
  return { instance: id, time: new Date(time).toISOString(), exit_code: code, signal, known, reason };
}

function instanceDetail(kernel: Kernel, instance: Instance): InstanceDetail {
  const { id, pid, state, port, serves, startedAt, restarts, adopted, reason, plan } = instance;
  const usage = kernel.parts.limits.latestOf(instance);
  return {
    id,
    pid,
    state,
    port: serves && pid !== null ? port : null,
    revision: plan.revision,
    started: startedAt === null ? null : textOf(startedAt),
    uptime_ms: instance.uptimeMs,
    restarts,
    rss_bytes: usage.rssBytes,
    cpu_percent: usage.cpuPercent,
    adopted,
    reason,
    throttle: kernel.parts.limits.throttleOf(id) ?? null,
    history: describedHistory(kernel.parts.limits.historyOf(instance)),
    ...(plan.spec.kind === "port" && { agent: agentDetail(instance) }),
  };
}

/** A minute of samples is described in every status, and there is a new one once a second. */
const histories = new WeakMap<readonly UsageSample[], InstanceDetail["history"]>();
const described = new WeakMap<UsageSample, InstanceDetail["history"][number]>();

function describedHistory(samples: readonly UsageSample[]): InstanceDetail["history"] {
  const known = histories.get(samples) ?? samples.map(describedSample);
  histories.set(samples, known);
  return known;
}

function describedSample(sample: UsageSample): InstanceDetail["history"][number] {
  const known = described.get(sample) ?? usageSample(sample);
  described.set(sample, known);
  return known;
}

function usageSample(sample: UsageSample): InstanceDetail["history"][number] {
  const { time, memoryBytes, cpuCores, processes, files, calls } = sample;
  const cpu_percent = Math.round(cpuCores * 100);
  return { time: new Date(time).toISOString(), memory_bytes: memoryBytes, cpu_percent, processes, files, calls };
}

function agentDetail({ process, recovery }: Instance): NonNullable<InstanceDetail["agent"]> {
  const agent = process?.agent;
  const last = recovery?.last;
  return {
    protocol: agent?.version ?? null,
    name: agent?.name ?? null,
    methods: [...(agent?.methods ?? [])],
    metrics: agent?.metrics ?? null,
    recovery:
      last === undefined
        ? null
        : {
            detection_ms: last.detectionMs,
            restart_ms: last.restartMs,
            restore_ms: last.restoreMs,
            restored_bytes: last.restoredBytes,
            restored_entries: last.restoredEntries,
          },
  };
}

function probesOf(instance: Instance): ServiceStatus["health"]["probes"] {
  return instance.probes().map(({ role, type, record }) => ({
    instance: instance.id,
    probe: role,
    type,
    ok: record.ok,
    consecutive: record.consecutive,
    message: record.message,
    checked: record.checkedAt === null ? null : new Date(record.checkedAt).toISOString(),
  }));
}

/** Moments that statuses tell again and again; up to a thousand are remembered. */
const texts = new Map<number, string>();
const mostTexts = 1_000;

function textOf(time: number): string {
  const known = texts.get(time);
  if (known !== undefined) return known;
  const text = new Date(time).toISOString();
  if (texts.size >= mostTexts) texts.clear();
  texts.set(time, text);
  return text;
}
