import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  DeployProgress,
  DeployResult,
  InstanceState,
  OperationRequest,
  ServiceRef,
  ServiceRow,
  ServiceSpec,
} from "../api/index.ts";
import { buildArtifact, capabilityChanges, revisionId } from "../deploy/index.ts";
import type { KernelDatabase, ServiceRecord, StoredInstance } from "./database/index.ts";
import { refuseImpossible } from "./operations/refuse-impossible.ts";
import { refuseSharedPort, refuseTakenPort } from "./operations/refuse-port.ts";
import { Routes } from "./routes.ts";

/** What planning knows of a data directory. */
export interface PlanSource {
  /** Undefined when there is none yet: nothing is deployed then. */
  readonly database: KernelDatabase | undefined;
  readonly ingressPort: number;
  /** A specification with its sandbox checked. */
  readonly checked: (name: string, spec: ServiceSpec) => ServiceSpec;
  /** A service's instances whose process lives. */
  readonly instancesOf: (ref: ServiceRef) => readonly StoredInstance[];
  readonly stateOf: (instance: StoredInstance) => InstanceState;
  readonly rowOf: (record: ServiceRecord) => ServiceRow;
}

/**
 * What a deploy would answer while no kernel runs. Everything is validated and built as for a deploy, but the artifacts go
 * to a temporary folder and nothing is kept.
 */
export async function* planDeploy(
  request: OperationRequest<"deploy">,
  source: PlanSource,
): AsyncGenerator<DeployProgress> {
  const begin = performance.now();
  refuse(request, source);
  const folder = mkdtempSync(join(tmpdir(), "solo-plan-"));
  try {
    const planned = request.services.map(({ name, spec }) =>
      planService({ tenant: request.tenant, name }, source.checked(name, spec), folder, source),
    );
    const services = await Promise.all(planned);
    yield { type: "result", time: new Date().toISOString(), services, took_ms: tookMs(begin) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function refuse({ tenant, services }: OperationRequest<"deploy">, { database, ingressPort }: PlanSource): void {
  const wanted = (database?.services.list() ?? []).flatMap(({ ref, revision, desired }) => {
    const spec = database?.revisions.get(ref, revision)?.spec;
    return desired === "stopped" || spec === undefined ? [] : [{ ref, desired, spec }];
  });
  const deployed = wanted.filter(({ ref }) => ref.tenant === tenant);
  refuseImpossible(
    { services },
    deployed.map(({ ref, spec }) => ({ name: ref.name, spec })),
  );
  const routes = new Routes(ingressPort);
  for (const { ref, desired, spec } of wanted) if (desired === "running") routes.open(ref, spec);
  routes.checkHosts(tenant, services);
}

async function planService(
  ref: ServiceRef,
  spec: ServiceSpec,
  folder: string,
  source: PlanSource,
): Promise<DeployResult> {
  const begin = performance.now();
  const known = source.database?.services.get(ref);
  const instances = source.instancesOf(ref);
  const replicas = spec.replicas ?? (known?.replicas || 1);
  refuseSharedPort(ref.name, spec, replicas);
  refuseTakenPort(instances, spec);
  const revision = revisionId(spec, (await buildArtifact(spec, folder)).digest);
  const former = known && source.database?.revisions.get(ref, known.revision)?.spec;
  const row = known === undefined ? undefined : source.rowOf(known);
  const isSame = known?.revision === revision && known.replicas === replicas;
  const isThere =
    known?.desired === "completed" || (known?.desired === "running" && instances.length >= known.replicas);
  return {
    service: ref.name,
    tenant: ref.tenant,
    revision,
    kind: spec.kind,
    state: row?.state ?? "stopped",
    instances: instances.map((instance) => {
      const { id, pid, port, serves } = instance;
      return { id, pid, state: source.stateOf(instance), port: serves ? port : null };
    }),
    url: row?.url ?? null,
    changed: !(isSame && isThere),
    took_ms: tookMs(begin),
    capability_changes: capabilityChanges(former, spec),
  };
}

function tookMs(begin: number): number {
  return Math.round(performance.now() - begin);
}
