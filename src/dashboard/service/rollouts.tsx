/** @jsxImportSource preact */
import { useMemo } from "preact/hooks";
import type { EventDocument } from "../../api/documents.ts";
import { FailureNote, StateBadge, Time, useFollow } from "../parts/index.ts";
import { useSession } from "../session/index.ts";
import { TrafficByRevision } from "./revision-traffic.tsx";
import type { TabProps } from "./service.tsx";

/** Which revisions run, and how they came: deploys, restarts, changes of number, roll-backs. */
export function Rollouts({ name, status }: TabProps) {
  const { tenant } = useSession();
  const input = useMemo(() => ({ tenant, name, follow: true, tail: looked }), [tenant, name]);
  const { elements, failure } = useFollow("events", input, { keep: looked });
  const changes = elements.filter(({ event }) => isChange(event)).toReversed();
  const revisions = [...new Set(status.instances.map(({ revision }) => revision))];
  return (
    <>
      <h2>Revisions that run</h2>
      <ul class="plain">
        {revisions.length === 0 && <li class="hint">none</li>}
        {revisions.map((revision) => {
          const instances = status.instances.filter((instance) => instance.revision === revision);
          return (
            <li key={revision}>
              <code>{revision.slice(0, 12)}</code> {revision === status.revision ? "wanted" : "being replaced"}:{" "}
              {instances.map(({ id, state }) => (
                <span key={id}>
                  {id} <StateBadge state={state} />{" "}
                </span>
              ))}
            </li>
          );
        })}
      </ul>
      <TrafficByRevision name={name} status={status} />
      <h2>How they came</h2>
      {failure && <FailureNote failure={failure} />}
      {changes.length === 0 && <p class="hint">Nothing of it is among the events that are kept.</p>}
      <ol class="plain">
        {changes.map((change) => (
          <li key={change.id}>
            <Time at={change.time} /> <strong>{change.event.replaceAll("_", " ")}</strong>{" "}
            <span class="hint">{inWords(change)}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

function isChange(event: string): boolean {
  return event.startsWith("rollout_") || changes.has(event);
}

const changes = new Set([
  "service_deployed",
  "service_killed",
  "service_failed",
  "restart_requested",
  "scale_requested",
  "kill_requested",
  "hot_reloaded",
  "checkpoint_restored",
]);

function inWords({ data }: EventDocument): string {
  return Object.entries(data)
    .map(([field, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return `${field} ${field.includes("revision") ? text.slice(0, 12) : text}`;
    })
    .join(", ");
}

/** Events that are searched. */
const looked = 1_000;
