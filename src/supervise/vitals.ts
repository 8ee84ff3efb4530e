import type { HealthSpec, HostMessage, HostShape, Probe } from "../api/index.ts";
import type { Clock } from "../system/index.ts";
import type { HealthRecord, ProbeRole } from "./health-record.ts";
import { Heartbeat, heartbeatTimeoutMs } from "./heartbeat.ts";
import { attemptProbe, type ProbeTarget } from "./probe/attempt.ts";
import { Prober } from "./probe/prober.ts";
import type { LaunchPlan } from "./runtime.ts";

/** How an instance is doing, as judged from its probes and from what its host says. */
export type Judgement =
  | { readonly kind: "pending" }
  | { readonly kind: "well" }
  | { readonly kind: "impaired"; readonly reason: string }
  | { readonly kind: "unwell"; readonly reason: string }
  /** It must be restarted. */
  | { readonly kind: "dead"; readonly reason: string };

export interface VitalsOptions {
  readonly plan: LaunchPlan;
  readonly port: number;
  readonly clock: Clock;
  /** How a former kernel had found it, which holds until its probes or its host say otherwise; null for a new process. */
  readonly found: "well" | "unwell" | null;
  /** The shape of the module that a former kernel had found. */
  readonly shape: HostShape | null;
  /** Tells the host how often to send heartbeats; false when it has no connection. */
  readonly setPace: (intervalMs: number) => boolean;
  readonly onJudgement: (judgement: Judgement) => void;
}

/** What the state that a former kernel wrote down says of a process. */
export function standing(state: string): VitalsOptions["found"] {
  if (state === "ready" || state === "degraded") return "well";
  return state === "unhealthy" ? "unwell" : null;
}

/** A program that nothing can be asked of has started when it has run for so long: most mistakes end it sooner. */
const proofMs = 100;

/**
 * Watches one process: startup first, then readiness and, once it was well, liveness (Kubernetes' three probes), and the
 * host's heartbeat. A program that is expected to listen on `$PORT` and has no probe of its own has started when that port
 * accepts connections. How long starting may take is not judged here: the instance's grace limits it.
 */
export class Vitals {
  readonly #options: VitalsOptions;
  readonly #probers = new Map<ProbeRole, Prober>();
  readonly #heartbeat: Heartbeat | undefined;
  #proofTimer: ReturnType<typeof setTimeout> | undefined;
  #started: boolean;
  #stopped = false;

  constructor(options: VitalsOptions) {
    this.#options = options;
    this.#started = options.found !== null;
    // A host, or an agent that speaks for itself.
    if (options.plan.spec.kind !== "command") {
      const { clock, shape, setPace } = options;
      const mayPace = isPatient(options.plan.spec.health);
      this.#heartbeat = new Heartbeat(
        clock,
        shape,
        (ms) => mayPace && setPace(ms),
        () => this.#evaluate(),
      );
    }
    if (options.found !== null) {
      this.#startReadiness();
      this.#startLiveness();
    } else this.#startStartup();
  }

  receive(message: HostMessage): void {
    if (this.#heartbeat?.receive(message) !== false) this.#evaluate();
  }

  get shape(): HostShape | null {
    return this.#heartbeat?.shape ?? null;
  }

  /** Every probe's standing, for `status`. */
  records(): { readonly role: ProbeRole; readonly type: string; readonly record: HealthRecord }[] {
    return [...this.#probers.values()].map(({ role, probe, record }) => ({ role, type: probe.type, record }));
  }

  /** How long the host or agent has said nothing, in milliseconds; 0 before it was ready. */
  get silenceMs(): number {
    return this.#heartbeat?.silenceMs ?? 0;
  }

  stop(): void {
    this.#stopped = true;
    this.#heartbeat?.stop();
    clearTimeout(this.#proofTimer);
    for (const prober of this.#probers.values()) prober.stop();
  }

  #startStartup(): void {
    const { plan } = this.#options;
    const { startup, readiness } = plan.spec.health;
    const listens = plan.mentionsPort || plan.spec.fixed_port !== undefined;
    if (startup !== undefined) this.#probe("startup", startup);
    else if (this.#heartbeat !== undefined) return;
    else if (readiness !== undefined) {
      this.#started = true;
      this.#startReadiness();
    } else if (listens) this.#probe("startup", ownPortProbe);
    else this.#prove();
  }

  /** Lets it run for a moment before it counts as started. */
  #prove(): void {
    this.#proofTimer ??= setTimeout(() => {
      this.#started = true;
      this.#startReadiness();
      this.#evaluate();
    }, proofMs);
  }

  #startReadiness(): void {
    const { readiness } = this.#options.plan.spec.health;
    this.#probers.get("startup")?.stop();
    if (readiness !== undefined) this.#probe("readiness", readiness);
  }

  #startLiveness(): void {
    const { liveness } = this.#options.plan.spec.health;
    if (liveness !== undefined && !this.#probers.has("liveness")) this.#probe("liveness", liveness);
  }

  #probe(role: ProbeRole, probe: Probe): void {
    if (probe.type === "heartbeat") return;
    const { plan, port, clock } = this.#options;
    const target: ProbeTarget = { port, cwd: plan.spec.cwd, env: plan.spec.env };
    const attempt = () => attemptProbe(probe, target);
    this.#probers.set(role, new Prober({ role, probe, clock, attempt, onRecord: () => this.#evaluate() }));
  }

  #evaluate(): void {
    if (this.#stopped) return;
    const judgement = this.#judge();
    if (judgement.kind === "well" || judgement.kind === "impaired") this.#startLiveness();
    this.#options.onJudgement(judgement);
  }

  #judge(): Judgement {
    if (!this.#started) {
      if (!this.#hasStarted()) return { kind: "pending" };
      this.#started = true;
      this.#startReadiness();
    }
    return this.#judgeLiveness() ?? this.#judgeReadiness() ?? this.#judgeHealth();
  }

  #hasStarted(): boolean {
    if (this.#heartbeat?.ready === false) return false;
    const startup = this.#probers.get("startup");
    if (startup !== undefined) return startup.record.ok === true;
    if (this.#heartbeat === undefined) return false;
    // The first heartbeat of an agent says that its state is in place.
    if (this.#options.plan.spec.kind === "port") return true;
    // A worker's top level has been evaluated, no more: most mistakes, and jobs deployed as services, end it right after.
    if (!this.#heartbeat.listens && this.#options.plan.spec.health.readiness === undefined) this.#prove();
    return this.#heartbeat.listens || this.#options.plan.spec.health.readiness !== undefined;
  }

  #judgeLiveness(): Judgement | undefined {
    const { liveness } = this.#options.plan.spec.health;
    const record = this.#probers.get("liveness")?.record;
    if (record?.ok === false) return { kind: "dead", reason: `liveness probe failed: ${record.message}` };
    const byHeartbeat = liveness?.type === "heartbeat" || (liveness === undefined && this.#heartbeat?.serves);
    const timeoutMs = liveness?.timeout_ms ?? heartbeatTimeoutMs;
    return byHeartbeat && this.#isSilent(timeoutMs) ? { kind: "dead", reason: this.#silence() } : undefined;
  }

  #judgeReadiness(): Judgement | undefined {
    const { readiness } = this.#options.plan.spec.health;
    if (readiness === undefined) return undefined;
    if (readiness.type === "heartbeat") {
      return this.#isSilent(readiness.timeout_ms) ? { kind: "unwell", reason: this.#silence() } : undefined;
    }
    const record = this.#probers.get("readiness")?.record;
    if (record === undefined || record.ok === true) return undefined;
    if (record.ok === null) return this.#options.found === "well" ? undefined : { kind: "pending" };
    return { kind: "unwell", reason: `readiness probe failed: ${record.message}` };
  }

  #judgeHealth(): Judgement {
    // The host of an adopted process has to connect first.
    if (this.#options.found === "unwell" && this.#heartbeat?.ready === false) return { kind: "pending" };
    const { status, message } = this.#heartbeat?.health ?? { status: "healthy", message: "" };
    if (status === "healthy") return { kind: "well" };
    const kind = status === "unhealthy" ? "unwell" : "impaired";
    return { kind, reason: message || `the service reports that it is ${status}` };
  }

  #isSilent(timeoutMs: number): boolean {
    return this.#heartbeat !== undefined && this.#heartbeat.silenceMs > timeoutMs;
  }

  #silence(): string {
    return `no heartbeat for ${Math.round((this.#heartbeat?.silenceMs ?? 0) / 100) / 10} s`;
  }
}

/** Whether a host that beats slowly, where there are very many, is heard of often enough for its probes. */
function isPatient({ readiness, liveness }: HealthSpec): boolean {
  return [readiness, liveness].every((probe) => probe?.type !== "heartbeat" || probe.timeout_ms >= heartbeatTimeoutMs);
}

const ownPortProbe: Probe = {
  type: "tcp",
  host: "127.0.0.1",
  port: 0,
  interval_ms: 100,
  timeout_ms: 1_000,
  success_threshold: 1,
  failure_threshold: 1_000,
};
