import { type ServiceRef, type SoloError, serviceKey } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";

/** The same refusal is an event once in this time: who asks again and again can't push other events out. */
const quietMs = 10_000;
/** Refusals that are told apart in that time. */
const mostKinds = 1_000;

/** Tells that a service was not let call another: an event of its own service, and a line of the audit trail. */
export class CallRefusals {
  readonly #kernel: () => Kernel;
  readonly #told = new Map<string, number>();

  constructor(kernel: () => Kernel) {
    this.#kernel = kernel;
  }

  note(
    { ref, instance }: { readonly ref: ServiceRef; readonly instance: string },
    to: ServiceRef,
    method: string,
    { code, message }: SoloError,
  ): void {
    const { clock, parts } = this.#kernel();
    const by = `${serviceKey(ref)}/${instance}`;
    void parts.audit.trail.refuse(
      {
        actor: `service:${serviceKey(ref)}`,
        tenant: ref.tenant,
        capability: null,
        request_id: by,
        operation: "call",
        subject: serviceKey(to),
        cause: `instance ${instance}`,
      },
      { code, reason: message },
    );
    if (!this.#isNews(`${by} ${to.name} ${method}`, clock.monotonic())) return;
    const data = { by, operation: "call", permission: `call:${method}`, reason: message };
    this.#kernel().emit({ tenant: ref.tenant, event: "capability_denied", subject: serviceKey(ref), data });
  }

  #isNews(kind: string, now: number): boolean {
    const before = this.#told.get(kind);
    if (before !== undefined && now - before < quietMs) return false;
    for (const [other, at] of this.#told) if (now - at >= quietMs) this.#told.delete(other);
    if (this.#told.size >= mostKinds) return false;
    this.#told.set(kind, now);
    return true;
  }
}
