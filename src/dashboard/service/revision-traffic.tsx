/** @jsxImportSource preact */
import { useCallback, useRef } from "preact/hooks";
import { FailureNote, usePoll } from "../parts/index.ts";
import { useSession } from "../session/index.ts";
import type { TabProps } from "./service.tsx";
import { compareRevisions, countsOf, type RevisionTraffic, type TrafficSample } from "./traffic.ts";

/** The requests of the last minute by revision: while one is being replaced, the old beside the new. */
export function TrafficByRevision({ name, status }: TabProps) {
  const { client, tenant } = useSession();
  const samples = useRef<readonly TrafficSample[]>([]);
  const revisionOf = useRef(new Map<string, string>());
  for (const { id, revision } of status.instances) revisionOf.current.set(id, revision);
  const load = useCallback(
    async (signal: AbortSignal) => {
      const { document } = await client.call("metrics", { tenant, name }, { signal });
      const at = performance.now();
      const kept = samples.current.filter((sample) => sample.at > at - keptMs);
      samples.current = [...kept, { at, byInstance: countsOf(document) }];
      return compareRevisions(samples.current, revisionOf.current);
    },
    [client, tenant, name],
  );
  const { value: rows = [], failure } = usePoll(load, everyMs);
  return (
    <>
      <h2>Traffic of the last minute</h2>
      {failure && <FailureNote failure={failure} />}
      {rows.length === 0 ? (
        <p class="hint">No instance has had a request through the ingress.</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Revision</th>
                <th scope="col">Requests/s</th>
                <th scope="col">Share</th>
                <th scope="col">5xx</th>
                <th scope="col">p50</th>
                <th scope="col">p99</th>
                <th scope="col">Instances</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row key={row.revision} row={row} isWanted={row.revision === status.revision} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Row({ row, isWanted }: { readonly row: RevisionTraffic; readonly isWanted: boolean }) {
  return (
    <tr>
      <th scope="row">
        <code>{row.revision.slice(0, 12)}</code> {isWanted ? "wanted" : "before"}
      </th>
      <td>{row.perSecond.toFixed(1)}</td>
      <td>{percent(row.share)}</td>
      <td>{percent(row.errorRatio)}</td>
      <td>{atMost(row.p50)}</td>
      <td>{atMost(row.p99)}</td>
      <td>{row.instances.join(" ")}</td>
    </tr>
  );
}

function percent(part: number): string {
  return `${(part * 100).toFixed(part > 0 && part < 0.095 ? 1 : 0)} %`;
}

/** Latency is counted in steps: so much, or less. */
function atMost(seconds: number | null): string {
  return seconds === null ? "–" : `≤ ${seconds * 1_000} ms`;
}

const everyMs = 2_000;
const keptMs = 60_000;
