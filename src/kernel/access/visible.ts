import {
  type Caller,
  type DiscoveredList,
  type DiscoveredService,
  type EventDocument,
  type HealthDocument,
  type OperationName,
  type OperationOutput,
  SoloError,
} from "../../api/index.ts";
import { coversService, coversTenant } from "./authorize.ts";
import type { AccessRequest } from "./ports.ts";
import { visibleMetrics } from "./visible-metrics.ts";

/** What a caller may see of an answer, or of one element of a stream; undefined: nothing of it. */
type Reduce<Output> = (output: Output, request: AccessRequest) => Output | undefined;

/** The answers that tell of more than the services that their request names. */
const reductions: { readonly [Name in OperationName]?: Reduce<OperationOutput[Name]> } = {
  list: ({ services }, { caller }) => ({
    services: services.filter(({ tenant, service }) => mayAsk(caller, tenant, service)),
  }),
  registryDiscover: ({ services }, { caller }) => visibleRegistrations(services, caller),
  registryList: ({ services }, { caller }) => visibleRegistrations(services, caller),
  events: (event, { caller }) => (mayHear(caller, event) ? event : undefined),
  metrics: (document, { caller }) => visibleMetrics(document, caller),
  health: (health, { caller }) => (seesAll(caller) ? health : withoutServices(health)),
};

/** Whether an operation's answers have to be looked through for a caller. */
export function isReduced(operation: OperationName, caller: Caller): boolean {
  return !seesAll(caller) && Object.hasOwn(reductions, operation);
}

export function reduce<Name extends OperationName>(
  operation: Name,
  output: OperationOutput[Name],
  request: AccessRequest,
): OperationOutput[Name] | undefined {
  const reduction: Reduce<OperationOutput[Name]> | undefined = reductions[operation];
  return reduction === undefined || seesAll(request.caller) ? output : reduction(output, request);
}

/** What a caller is told of a failure: not which services there are beside those that it knows of. */
export function reduceError(thrown: unknown, { caller, tenant }: AccessRequest): unknown {
  if (!(thrown instanceof SoloError) || thrown.code !== "not_found" || seesAll(caller)) return thrown;
  if (caller.kind !== "anonymous" && caller.kind !== "owner" && coversTenant(caller.capability, tenant)) return thrown;
  return new SoloError("not_found", thrown.message, { applied: thrown.applied, cause: thrown });
}

function visibleRegistrations(services: readonly DiscoveredService[], caller: Caller): DiscoveredList {
  const visible = services.filter(({ tenant, service_id }) => mayAsk(caller, tenant, service_id));
  return { services: visible, total: visible.length };
}

function seesAll(caller: Caller): boolean {
  if (caller.kind === "owner") return true;
  return caller.kind !== "anonymous" && coversTenant(caller.capability, null);
}

function mayAsk(caller: Caller, tenant: string, service: string): boolean {
  if (caller.kind === "owner") return true;
  return caller.kind !== "anonymous" && coversService(caller.capability, tenant, service);
}

/** An event is its tenant's; one that is about a service, that service's too. */
function mayHear(caller: Caller, { tenant, subject }: EventDocument): boolean {
  if (caller.kind === "owner") return true;
  if (caller.kind === "anonymous") return false;
  if (coversTenant(caller.capability, tenant)) return true;
  const [owner, service] = subject.split("/");
  return owner === tenant && service !== undefined && coversService(caller.capability, tenant, service);
}

/** How the kernel does is no secret; how many services it has is. */
function withoutServices(health: HealthDocument): HealthDocument {
  return { ...health, services: { total: 0, ready: 0 } };
}
