import type { EventDocument, WhyDocument } from "../../api/index.ts";
import { sentence } from "./sentence.ts";

/** Longest chain that is told. */
const maxLinks = 32;

type What = NonNullable<WhyDocument["what"]>;
type FindEvent = (id: number) => EventDocument | undefined;

/** Before these, all was as it should be. */
const normal: ReadonlySet<string> = new Set([
  "instance_ready",
  "instance_adopted",
  "service_deployed",
  "evolution_promoted",
]);

/**
 * The chain of causes of the last restart, rollback, stop or failed start, from what happened back to its root.
 * @param newestFirst the service's events, from the latest on
 * @param find any event by its id: a cause may be another service's, or the kernel's
 */
export function explain(
  { tenant, name }: { readonly tenant: string; readonly name: string },
  newestFirst: Iterable<EventDocument>,
  find: FindEvent,
): WhyDocument {
  for (const event of newestFirst) {
    const what = incidentOf(event, find);
    if (what === undefined) continue;
    const chain = chainOf(event, find).map((link) => ({ ...link, message: sentence(link) }));
    return { service: name, tenant, what, time: event.time, message: headline(name, what, chain), chain };
  }
  return {
    service: name,
    tenant,
    what: null,
    time: null,
    message: `${name} was not restarted, rolled back or stopped`,
    chain: [],
  };
}

function headline(name: string, what: What, chain: readonly EventDocument[]): string {
  const did = `${name} ${verbs[what]}`;
  const [event] = chain;
  const root = chain.at(-1);
  // What went wrong with an update is the news, not that somebody wanted one.
  if (what !== "stop" && typeof event?.data.reason === "string") return `${did}: ${event.data.reason}`;
  return root === undefined ? did : `${did}: ${sentence(root)}`;
}

const verbs = { restart: "restarted", rollback: "was rolled back", stop: "stopped", failed_start: "did not start" };

/** What an event ends, if it ends anything that one would ask about. */
function incidentOf(event: EventDocument, find: FindEvent): What | undefined {
  const cause = event.cause === null ? undefined : find(event.cause);
  switch (event.event) {
    case "rollout_rolled_back":
      return "rollback";
    case "evolution_rejected":
      return event.data.rolled_back === true ? "rollback" : undefined;
    case "service_failed":
      return "failed_start";
    case "service_killed":
      return "stop";
    case "rollout_completed":
      return cause?.event === "rollout_started" && cause.data.from === cause.data.to ? "restart" : undefined;
    case "instance_started":
      return cause !== undefined && restartedBy.has(cause.event) ? "restart" : undefined;
    case "instance_stopped":
      return isPartOfRollout(event, find) ? undefined : "stop";
    case "instance_exited":
      return event.data.asked === true || isPartOfRollout(event, find) ? undefined : "stop";
    default:
      return undefined;
  }
}

const restartedBy: ReadonlySet<string> = new Set([
  "instance_exited",
  "instance_stopped",
  "crash_loop",
  "kernel_started",
  "restart_requested",
]);

/** What a rollout stops is told by the rollout's own end. */
function isPartOfRollout(event: EventDocument, find: FindEvent): boolean {
  return chainOf(event, find).some((link) => link.event === "rollout_started");
}

/** An event, its cause, that one's cause …, until all was normal. */
function chainOf(event: EventDocument, find: FindEvent): EventDocument[] {
  const chain = [event];
  let link = event;
  while (chain.length < maxLinks && link.cause !== null) {
    const cause = find(link.cause);
    if (cause === undefined || normal.has(cause.event)) break;
    // One that started and ended again before it was ready: the cause is its end, not that it was started, …
    if (cause.event === "instance_started" && !isByRollout(cause, find)) break;
    chain.push(cause);
    link = cause;
    // … and before a request, whatever happened was no reason.
    if (cause.event.endsWith("_requested") || cause.event.startsWith("kernel_")) break;
  }
  return chain;
}

function isByRollout({ cause }: EventDocument, find: FindEvent): boolean {
  return cause !== null && find(cause)?.event === "rollout_started";
}
