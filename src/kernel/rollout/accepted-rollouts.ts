import { type ServiceRef, serviceKey } from "../../api/index.ts";
import type { RolloutRecord } from "../database/index.ts";
import type { Kernel } from "../kernel.ts";
import type { Desired, Revision } from "../service.ts";

/** What services are to become: kept before the way there begins, so that a kernel that dies on it has its successor go on. */
export class AcceptedRollouts {
  readonly #kernel: Kernel;
  /** Service → the revision that its rollout leads to. */
  readonly #targets = new Map<string, string>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /**
   * Keeps a rollout durably, in place of an earlier one. It ends with the commit of its revision, or with `end`.
   * @throws SoloError `conflict` when one of the service's hosts belongs to another service
   */
  begin(ref: ServiceRef, revision: Revision, replicas: number): void {
    const { routes, clock, parts } = this.#kernel;
    routes.checkHosts(ref.tenant, [{ name: ref.name, spec: revision.spec }]);
    parts.database.transaction(() => {
      this.#kernel.keepRevision(ref, revision);
      parts.database.rollouts.save({ ref, revision: revision.id, replicas, accepted: clock.now() });
    });
    this.#targets.set(serviceKey(ref), revision.id);
  }

  /** Nobody wants a rollout any more: that to the given revision, or any. */
  end(ref: ServiceRef, revision?: string): void {
    const target = this.targetOf(ref);
    if (target === undefined || (revision !== undefined && target !== revision)) return;
    this.#kernel.parts.database.rollouts.remove(ref);
    this.forget(ref);
  }

  /** What was accepted and has not come to its end, as a former kernel left it. */
  former(): readonly RolloutRecord[] {
    const records = this.#kernel.parts.database.rollouts.list();
    for (const { ref, revision } of records) this.#targets.set(serviceKey(ref), revision);
    return records;
  }

  /** The revision that a service is to become; undefined when no rollout is under way. */
  targetOf(ref: ServiceRef): string | undefined {
    return this.#targets.get(serviceKey(ref));
  }

  /** Whether a rollout ends with the commit of these, which then removes its record and has it forgotten. */
  endsWith(ref: ServiceRef, revision: Revision | undefined, desired: Desired): boolean {
    const target = this.targetOf(ref);
    return target !== undefined && (desired === "stopped" || target === revision?.id);
  }

  forget(ref: ServiceRef): void {
    this.#targets.delete(serviceKey(ref));
  }
}
