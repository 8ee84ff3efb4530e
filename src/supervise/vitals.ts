import { type HostMessage, heartbeatIntervalMs, type Probe } from "../api/index.ts";
import type { Clock } from "../system/index.ts";
import type { HealthRecord, ProbeRole } from "./health-record.ts";
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
  /** A former kernel had found it ready: it is well until a probe says otherwise. */
  readonly adopted: boolean;
  readonly onJudgement: (judgement: Judgement) => void;
}

/** A host that serves requests for its module is restarted when its event loop has stood still for this long. */
const heartbeatTimeoutMs = 5_000;

/**
 * Watches one process: startup first, then readiness and liveness (Kubernetes' three probes), and the host's heartbeat. A
 * program that is expected to listen on `$PORT` and has no probe of its own has started when that port accepts connections.
 */
export class Vitals {
  readonly #options: VitalsOptions;
  readonly #probers = new Map<ProbeRole, Prober>();
  readonly #heartbeatTimer: ReturnType<typeof setInterval> | undefined;
  readonly #hosted: boolean;
  readonly #heartbeat: { readonly timeoutMs: number; readonly always: boolean };
  #hostReady = false;
  #hostServes = false;
  #hostHealth: { status: "healthy" | "degraded" | "unhealthy"; message: string } = { status: "healthy", message: "" };
  #lastBeat: number;
  #lastTick: number;
  #started: boolean;
  #stopped = false;

  constructor(options: VitalsOptions) {
    this.#options = options;
    const { kind, health } = options.plan.spec;
    this.#hosted = kind !== "command";
    this.#started = options.adopted;
    this.#lastBeat = this.#lastTick = options.clock.monotonic();
    const declared = health.liveness?.type === "heartbeat" ? health.liveness : undefined;
    this.#heartbeat = { timeoutMs: declared?.timeout_ms ?? heartbeatTimeoutMs, always: declared !== undefined };
    if (this.#hosted && (declared !== undefined || health.liveness === undefined)) {
      this.#heartbeatTimer = setInterval(() => this.#checkHeartbeat(), heartbeatIntervalMs);
    }
    if (options.adopted) this.#startProbers();
    else if (!this.#hosted || health.startup !== undefined) this.#probeStartup();
  }

  receive(message: HostMessage): void {
    this.#lastBeat = this.#options.clock.monotonic();
    if (message.type === "ready") {
      this.#hostReady = true;
      this.#hostServes = message.shape === "fetch" || message.shape === "service";
    } else if (message.type === "heartbeat") {
      this.#hostHealth = { status: message.health?.status ?? "healthy", message: message.health?.message ?? "" };
    }
    this.#evaluate();
  }

  /** Every probe's standing, for `status`. */
  records(): { readonly role: ProbeRole; readonly type: string; readonly record: HealthRecord }[] {
    return [...this.#probers.values()].map(({ role, probe, record }) => ({ role, type: probe.type, record }));
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#heartbeatTimer);
    for (const prober of this.#probers.values()) prober.stop();
  }

  #probeStartup(): void {
    const { plan } = this.#options;
    const { startup, readiness } = plan.spec.health;
    const listens = plan.mentionsPort || plan.spec.fixed_port !== undefined;
    if (startup) this.#add("startup", startup);
    else if (!this.#hosted && listens && readiness === undefined) this.#add("startup", ownPortProbe);
    else this.#evaluate();
  }

  #startProbers(): void {
    const { readiness, liveness } = this.#options.plan.spec.health;
    this.#probers.get("startup")?.stop();
    if (readiness) this.#add("readiness", readiness);
    if (liveness) this.#add("liveness", liveness);
  }

  #add(role: ProbeRole, probe: Probe): void {
    if (probe.type === "heartbeat") return;
    const { plan, port, clock } = this.#options;
    const target: ProbeTarget = { port, cwd: plan.spec.cwd, env: plan.spec.env };
    const attempt = () => attemptProbe(probe, target);
    this.#probers.set(role, new Prober({ role, probe, clock, attempt, onRecord: () => this.#evaluate() }));
  }

  #evaluate(): void {
    if (this.#stopped) return;
    const judgement = this.#judge();
    if (judgement !== undefined) this.#options.onJudgement(judgement);
  }

  #judge(): Judgement | undefined {
    if (!this.#started) {
      if (this.#hosted && !this.#hostReady) return { kind: "pending" };
      const startup = this.#probers.get("startup");
      if (startup !== undefined && startup.record.ok !== true) return { kind: "pending" };
      if (startup === undefined && this.#options.plan.spec.health.startup && this.#hosted) {
        this.#probeStartup();
        return undefined;
      }
      this.#started = true;
      this.#startProbers();
    }
    const liveness = this.#probers.get("liveness");
    if (liveness?.record.ok === false)
      return { kind: "dead", reason: `liveness probe failed: ${liveness.record.message}` };
    const readiness = this.#probers.get("readiness");
    if (
      readiness !== undefined &&
      readiness.record.ok !== true &&
      !(this.#options.adopted && readiness.record.ok === null)
    ) {
      if (readiness.record.ok === null) return { kind: "pending" };
      return { kind: "unwell", reason: `readiness probe failed: ${readiness.record.message}` };
    }
    const { status, message } = this.#hostHealth;
    if (status === "unhealthy")
      return { kind: "unwell", reason: message || "the service reports that it is unhealthy" };
    if (status === "degraded")
      return { kind: "impaired", reason: message || "the service reports that it is degraded" };
    return { kind: "well" };
  }

  #checkHeartbeat(): void {
    const now = this.#options.clock.monotonic();
    const tickGap = now - this.#lastTick;
    this.#lastTick = now;
    // After a pause of the kernel itself (a suspended machine, SIGSTOP) beats may be waiting unread: give them a round.
    if (tickGap > heartbeatIntervalMs * 2) this.#lastBeat = now;
    if (!this.#hostReady || !(this.#hostServes || this.#heartbeat.always)) return;
    const silence = now - this.#lastBeat;
    if (silence > this.#heartbeat.timeoutMs && !this.#stopped) {
      this.#options.onJudgement({ kind: "dead", reason: `no heartbeat for ${Math.round(silence / 100) / 10} s` });
    }
  }
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
