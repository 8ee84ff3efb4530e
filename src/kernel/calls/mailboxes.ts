import { type ServiceRef, SoloError, serviceKey } from "../../api/index.ts";
import type { Instance } from "../../supervise/index.ts";
import { type Consumer, Mailbox, type MailboxStats } from "../../traffic/mailbox/index.ts";
import type { Kernel } from "../kernel.ts";

/** An instance of a service, as it takes messages out of the mailbox. */
export interface Taker extends Consumer {
  readonly instance: Instance;
}

/** Messages that wait for a service which does not say. */
const defaultQueue = 10_000;
/** Calls that one instance has in work at a time, when nothing else is said: what its process can be asked at once. */
const mostInWork = 1_000;
/** Between looks for messages that have waited too long. */
const expiryMs = 250;

/** The mailboxes of all services that were ever sent something; the others cost nothing. */
export class Mailboxes {
  readonly #kernel: () => Kernel;
  readonly #boxes = new Map<string, Mailbox<Taker>>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(kernel: () => Kernel) {
    this.#kernel = kernel;
  }

  of(ref: ServiceRef): Mailbox<Taker> {
    const key = serviceKey(ref);
    const known = this.#boxes.get(key);
    if (known !== undefined) return known;
    const box = new Mailbox<Taker>({
      name: ref.name,
      clock: this.#kernel().clock,
      limit: () => this.#limitOf(ref),
      consumers: () => takersOf(this.#kernel(), ref),
    });
    this.#boxes.set(key, box);
    return box;
  }

  peek(ref: ServiceRef): Mailbox<Taker> | undefined {
    return this.#boxes.get(serviceKey(ref));
  }

  /** Those of a service that was never sent anything are zero. */
  statsOf(ref: ServiceRef): MailboxStats {
    const nothing = { waiting: 0, inFlight: 0, delivered: 0, refused: 0, expired: 0 };
    return this.peek(ref)?.stats ?? { ...nothing, limit: this.#limitOf(ref) };
  }

  /** Something waits: it is looked at until nothing does. */
  watch(): void {
    this.#timer ??= setInterval(() => this.#expire(), expiryMs);
  }

  /** How many requests an instance may have beside its calls; undefined when nothing limits them. */
  roomForRequests(ref: ServiceRef, id: string): (() => number) | undefined {
    const instance = this.#kernel()
      .supervisor.instancesOf(ref)
      .find((one) => one.id === id);
    const calls = instance?.plan.spec.limits?.calls;
    return calls === undefined ? undefined : () => calls - (this.peek(ref)?.inFlightOf(id) ?? 0);
  }

  /** Whether an instance is slowed down, and gets nothing new to do. */
  isSlowed(id: string): boolean {
    return this.#kernel().parts.limits.throttleOf(id) !== undefined;
  }

  /** A service is not wanted any more: nobody will take what waits for it. */
  stopped({ tenant, name }: ServiceRef): void {
    this.peek({ tenant, name })?.clear(notRunning(name));
  }

  /** The kernel stops: what waits was delivered to nobody, and may be sent to the next kernel. */
  close(): void {
    clearInterval(this.#timer);
    const reason = new SoloError("unreachable", "the kernel stopped before it was delivered");
    for (const box of this.#boxes.values()) box.clear(reason);
  }

  #limitOf(ref: ServiceRef): number {
    return this.#kernel().find(ref)?.revision.spec.limits?.queue ?? defaultQueue;
  }

  #expire(): void {
    let waiting = 0;
    for (const box of this.#boxes.values()) {
      box.expire();
      // Requests of the ingress may have left, which take the same room.
      box.pump();
      waiting += box.waiting;
    }
    if (waiting > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

export function notRunning(name: string): SoloError {
  return new SoloError("not_running", `${name} is stopped`, { hint: `\`solo restart ${name}\` starts it` });
}

function takersOf(kernel: Kernel, ref: ServiceRef): Taker[] {
  return kernel.supervisor.instancesOf(ref).flatMap((instance) => {
    if (!instance.isReady || kernel.parts.limits.throttleOf(instance.id) !== undefined) return [];
    const calls = instance.plan.spec.limits?.calls;
    const room = calls === undefined ? mostInWork : calls - kernel.routes.inFlight(ref, instance.id);
    return [{ id: instance.id, instance, room }];
  });
}
