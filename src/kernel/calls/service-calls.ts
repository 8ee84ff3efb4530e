import { type CallResult, type ServiceRef, SoloError, serviceKey } from "../../api/index.ts";
import type { Trace } from "../../supervise/index.ts";
import { limited, type Slots } from "../../traffic/admission/index.ts";
import type { Breakers, Outcome, Passage } from "../../traffic/breaker/index.ts";
import type { Kernel } from "../kernel.ts";
import { plainJson } from "../operations/plain-json.ts";
import type { Service } from "../service.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { CallMessage } from "./call-message.ts";
import type { CallRefusals } from "./call-refusals.ts";
import { type Mailboxes, notRunning } from "./mailboxes.ts";
import { type Parent, parentTrace } from "./parent-trace.ts";

/** Who calls. */
export type CallSender =
  /** The owner, or a capability, through the API: its operation was admitted there. */
  | { readonly kind: "api"; readonly id: string }
  /** An instance of a service; `parent` is the call in the course of which it calls. */
  | { readonly kind: "service"; readonly ref: ServiceRef; readonly instance: string; readonly parent: string | null };

export interface CallRequest {
  readonly from: CallSender;
  readonly target: ServiceRef;
  readonly method: string;
  readonly input: unknown;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ServiceCallsParts {
  readonly kernel: () => Kernel;
  readonly mailboxes: Mailboxes;
  readonly breakers: Breakers;
  /** Places for what is in flight, those of API operations too. */
  readonly slots: Slots;
  readonly refusals: CallRefusals;
  readonly tracing: Tracing;
  /** Told of every call that ended. */
  readonly onEnd: (request: CallRequest, error: SoloError | null, tookMs: number) => void;
  /** Whether an instance may call a method of another service. */
  readonly mayCall: (
    from: { readonly ref: ServiceRef; readonly instance: string },
    to: ServiceRef,
    method: string,
  ) => boolean;
}

/** A chain of calls is at most so long: a longer one is a loop. */
const mostDepth = 32;
/** A call waits so long for an instance that gets ready. */
const holdMs = 10_000;

/** Calls of services and messages to them, all of which go through the mailbox of the one that is called. */
export class ServiceCalls {
  readonly #parts: ServiceCallsParts;

  constructor(parts: ServiceCallsParts) {
    this.#parts = parts;
  }

  /**
   * Has one of a service's instances carry out a method.
   * @throws SoloError `forbidden`, `not_found`, `invalid_request`, `not_running`, `unhealthy`, `limit_exceeded`, `timeout`,
   * `outcome_unknown`, and what the service itself answers
   */
  async call(request: CallRequest): Promise<CallResult> {
    const begun = performance.now();
    const { onEnd, tracing } = this.#parts;
    const parent = this.#parentOf(request.from)?.span;
    const context = tracing.call(parent);
    const end = (error: SoloError | null) => {
      const tookMs = performance.now() - begun;
      onEnd(request, error, tookMs);
      if (context === undefined) return;
      const from = senderOf(request.from);
      tracing.endCall({ context, parent, target: request.target, method: request.method, from }, error, tookMs);
    };
    try {
      const result = await this.#call(request, context);
      end(null);
      return result;
    } catch (error) {
      end(SoloError.from(error));
      throw error;
    }
  }

  async #call(request: CallRequest, span: Trace["span"]): Promise<CallResult> {
    const started = this.#clock.monotonic();
    const { service, trace } = this.#begin(request, span);
    const passage = this.#pass(request.from, service);
    try {
      const lease = this.#admit(request.from, trace);
      try {
        const message = new CallMessage({ ...this.#facts(request, trace), signal: request.signal });
        const { output, instance } = await this.#deliver(service, message);
        passage?.ended("success");
        const took_ms = Math.round((this.#clock.monotonic() - started) * 10) / 10;
        return { output: plainJson(output), instance: instance.id, revision: instance.plan.revision, took_ms };
      } finally {
        lease?.release();
      }
    } catch (error) {
      passage?.ended(outcomeOf(error));
      throw error;
    }
  }

  /**
   * Leaves a message with a service: it is delivered once, or never.
   * @throws SoloError as `call`, up to where the message is in the mailbox
   */
  send(request: CallRequest): void {
    const { service, trace } = this.#begin(request, this.#parentOf(request.from)?.span);
    const message = new CallMessage(this.#facts(request, trace));
    this.#put(service, message);
    // Whoever sent it does not wait; the service's own log tells what a method threw.
    message.settled.catch(() => undefined);
  }

  get #clock() {
    return this.#parts.kernel().clock;
  }

  #begin({ from, target, method, timeoutMs }: CallRequest, span: Trace["span"]): { service: Service; trace: Trace } {
    const kernel = this.#parts.kernel();
    if (from.kind === "service") kernel.parts.serviceUses.called(from.ref, from.instance, target, method);
    if (from.kind === "service" && !this.#parts.mayCall(from, target, method)) {
      const error = forbidden(from.ref, target, method);
      this.#parts.refusals.note(from, target, method, error);
      throw error;
    }
    const service = kernel.get(target);
    const { kind } = service.revision.spec;
    const { name } = service.ref;
    if (kind !== "source" && kind !== "port") {
      throw new SoloError("invalid_request", `${name} is a ${kind} service, which has no methods`, {
        hint: "source services have `methods`, port agents answer requests",
      });
    }
    if (service.desired !== "running" || service.replicas === 0) throw notRunning(name);
    refuseThrottled(kernel, service);
    const trace = this.#trace(from, timeoutMs, span);
    if (trace.depth > mostDepth) {
      throw new SoloError("conflict", `calls led to calls ${mostDepth} times: that is a loop`, {
        hint: "services must not call one another in a circle",
      });
    }
    return { service, trace };
  }

  /** A call that another one led to ends with it at the latest. */
  #trace(from: CallSender, timeoutMs: number, span: Trace["span"]): Trace {
    const deadline = this.#clock.monotonic() + timeoutMs;
    const parent = this.#parentOf(from)?.call;
    if (parent === undefined) return { depth: 1, deadline, span };
    return { depth: parent.depth + 1, deadline: Math.min(deadline, parent.deadline), span };
  }

  #parentOf(from: CallSender): Parent | undefined {
    if (from.kind !== "service" || from.parent === null) return undefined;
    return parentTrace(this.#parts.kernel(), from, from.parent);
  }

  /** The owner can look at a service whatever its calls did. */
  #pass(from: CallSender, { key }: Service): Passage | undefined {
    return from.kind === "service" ? this.#parts.breakers.pass(serviceKey(from.ref), key) : undefined;
  }

  /** What a call leads to has its place: shed in the middle, a chain would have done half of its work for nothing. */
  #admit(from: CallSender, { depth }: Trace) {
    return from.kind === "service" && depth === 1 ? this.#parts.slots.take(from.ref.tenant) : undefined;
  }

  #facts({ from, method, input }: CallRequest, trace: Trace) {
    return { sender: senderOf(from), method, input, trace, clock: this.#clock };
  }

  #put(service: Service, message: CallMessage): void {
    this.#parts.mailboxes.of(service.ref).put(message);
    if (message.isWaiting) this.#parts.mailboxes.watch();
  }

  async #deliver(service: Service, message: CallMessage) {
    const box = this.#parts.mailboxes.of(service.ref);
    this.#put(service, message);
    if (!message.isWaiting) return message.settled;
    const kernel = this.#parts.kernel();
    const giveUp = (error: SoloError) => {
      if (box.withdraw(message)) message.drop(error);
    };
    const hold = setTimeout(() => {
      if (kernel.readyCount(service) === 0) giveUp(unhealthy(service.ref.name));
    }, holdMs);
    const late = setTimeout(() => giveUp(message.lateness()), message.remainingMs());
    const onAbort = () => giveUp(new SoloError("failed", "the caller called it off before it was delivered"));
    message.signal?.addEventListener("abort", onAbort, { once: true });
    if (message.signal?.aborted) onAbort();
    try {
      await message.delivered;
    } finally {
      clearTimeout(hold);
      clearTimeout(late);
      message.signal?.removeEventListener("abort", onAbort);
    }
    return message.settled;
  }
}

function senderOf(from: CallSender): string {
  return from.kind === "service" ? serviceKey(from.ref) : from.id;
}

/** What a call that failed says about the service: only what a service can't help, or could not do, counts against it. */
function outcomeOf(error: unknown): Outcome {
  const { code } = SoloError.from(error);
  return noFailures.has(code) ? "neither" : "failure";
}

const noFailures: ReadonlySet<SoloError["code"]> = new Set([
  "invalid_request",
  "not_found",
  "conflict",
  "forbidden",
  "limit_exceeded",
  "budget_exhausted",
]);

function forbidden(from: ServiceRef, to: ServiceRef, method: string): SoloError {
  return new SoloError("forbidden", `${from.name} may not call ${to.name}`, {
    hint: `say \`allow = { call = ["${to.name}"] }\` for ${from.name} in solo.toml, or grant it with \`solo capability\``,
    details: { permission: `call:${method}`, resource: `service:${to.name}` },
  });
}

/** What is slowed down for a limit that it passed gets nothing new to do. */
function refuseThrottled(kernel: Kernel, { ref }: Service): void {
  const ready = kernel.supervisor.instancesOf(ref).filter(({ isReady }) => isReady);
  if (ready.length === 0 || !ready.every(({ id }) => kernel.parts.limits.throttleOf(id) !== undefined)) return;
  throw limited(`${ref.name} is slowed down: it uses more than its limits allow`, {
    bound: "throttle",
    limit: 0,
    retryAfterMs: throttledMs,
    hint: "`solo status` shows which; try again later, or raise the limit",
  });
}

/** Whether an instance needs less by then is looked at once a second. */
const throttledMs = 1_000;

function unhealthy(name: string): SoloError {
  return new SoloError("unhealthy", `no instance of ${name} is ready`, {
    hint: "try again in a moment; `solo status` shows how it is",
  });
}
