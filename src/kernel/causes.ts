import type { NewEvent } from "../observe/events/index.ts";

/** Ends and troubles that nobody asked for. */
const troubles: ReadonlySet<string> = new Set(["instance_exited", "instance_unhealthy"]);

/**
 * What an event was caused by: usually the latest one of its own subject, or of its service. What is done to an instance on
 * request was caused by the request, a rollback by the trouble of a new instance, a member's restart by another member's end.
 */
export class Causes {
  /** Id of the latest event of each subject. */
  readonly #latest = new Map<string, number>();
  /** Of the latest trouble of each service. */
  readonly #troubles = new Map<string, number>();

  of({ event, subject, tenant, data }: Omit<NewEvent, "cause">): number | undefined {
    const service = serviceOf(subject);
    const own = this.#latest.get(subject);
    const ofService = this.#latest.get(service);
    if (isAboutAccess(event)) return undefined;
    switch (event) {
      case "group_restart":
        return this.#latest.get(`${tenant}/${String(data.failed)}`) ?? own;
      case "evolution_rejected":
        return this.#troubles.get(service) ?? ofService;
      case "rollout_rolled_back":
      case "service_failed":
        return newest(this.#troubles.get(service), ofService);
      case "instance_exited":
      case "instance_stopped":
        return data.asked === true ? newest(own, ofService, this.#latest.get(stopping)) : own;
      default:
        return own ?? ofService ?? (event.startsWith("instance_") ? this.#latest.get("kernel") : undefined);
    }
  }

  note({ event, subject, data }: Omit<NewEvent, "cause">, id: number): void {
    if (isAboutAccess(event)) return;
    this.#latest.set(subject, id);
    if (event === "kernel_stopping") this.#latest.set(stopping, id);
    // What went wrong before a change is no reason to take it back.
    if (event === "evolution_started") this.#troubles.delete(subject);
    if (troubles.has(event) && data.asked !== true) this.#troubles.set(serviceOf(subject), id);
  }

  forget(subject: string): void {
    this.#latest.delete(subject);
  }
}

/** Who may do what, and was refused: it is about a service, and nothing that happens to it follows from that. */
function isAboutAccess(event: string): boolean {
  return event.startsWith("capability_");
}

/** No subject's name. */
const stopping = "kernel stopping";

/** `tenant/service` of an instance's subject; any other subject itself. */
function serviceOf(subject: string): string {
  return subject.split("/").slice(0, 2).join("/");
}

function newest(...ids: (number | undefined)[]): number | undefined {
  const known = ids.filter((id) => id !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
