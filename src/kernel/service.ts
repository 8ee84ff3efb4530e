import { type LastExit, type ServiceRef, type ServiceSpec, type ServiceState, serviceKey } from "../api/index.ts";
import type { Instance, LaunchPlan } from "../supervise/index.ts";
import type { RevisionRecord } from "./database/index.ts";
import type { OperationQueue } from "./operation-queue.ts";

/** What a revision runs, as `deploy` resolved it. */
export interface RevisionArtifact {
  readonly digest: string;
  readonly entry: string;
  readonly command: readonly string[];
  readonly mentionsPort: boolean;
}

export interface Revision {
  readonly id: string;
  readonly spec: ServiceSpec;
  readonly artifact: RevisionArtifact;
}

/** A revision as kernel.db holds it. */
export function toRevision({ id, spec, digest, entry, command, mentionsPort }: RevisionRecord): Revision {
  return { id, spec, artifact: { digest, entry, command, mentionsPort } };
}

/** What its owner wants of a service; `completed` and `failed` are where a service that is not restarted came to rest. */
export type Desired = "running" | "stopped" | "completed" | "failed";

/** A deployed service in the kernel's memory. */
export class Service {
  readonly ref: ServiceRef;
  revision: Revision;
  desired: Desired;
  replicas: number;
  /** Changes of one service happen one after the other. */
  readonly operations: OperationQueue;
  /** Whether its latest ready instance listened on a port. */
  serves = false;
  #turns = 0;
  /** How its latest process that is no longer among its instances ended. */
  lastExit: LastExit | undefined;
  /** When it was first deployed, and when what is wanted of it last changed: wall time in milliseconds, never the same twice. */
  created = 0;
  updated = 0;

  constructor(ref: ServiceRef, revision: Revision, desired: Desired, replicas: number, operations: OperationQueue) {
    this.ref = ref;
    this.revision = revision;
    this.desired = desired;
    this.replicas = replicas;
    this.operations = operations;
  }

  /** Counts calls, so that instances take turns. */
  takeTurn(): number {
    this.#turns += 1;
    return this.#turns;
  }

  get key(): string {
    return serviceKey(this.ref);
  }

  plan(revision: Revision = this.revision): LaunchPlan {
    const { entry, command, mentionsPort } = revision.artifact;
    return { ref: this.ref, revision: revision.id, spec: revision.spec, entry, command, mentionsPort };
  }
}

/** When no instance is ready, the service is in the first of these states that one of them is in. */
const telling: readonly ServiceState[] = [
  "crash_loop",
  "backoff",
  "unhealthy",
  "starting",
  "draining",
  "stopping",
  "failed",
];

/** A service's state, from those of its instances. */
export function serviceState(service: Service, instances: readonly Instance[]): ServiceState {
  const ready = instances.filter((instance) => instance.isReady);
  if (ready.length > 0) {
    const impaired = ready.some(({ state }) => state === "degraded");
    return ready.length < service.replicas || impaired ? "degraded" : "ready";
  }
  const state = telling.find((candidate) => instances.some((instance) => instance.state === candidate));
  if (state !== undefined) return state;
  if (instances.some((instance) => instance.state === "completed")) return "completed";
  if (service.desired !== "running") return service.desired;
  return service.replicas === 0 ? "stopped" : "starting";
}
