/** @jsxImportSource preact */
import { useMemo, useState } from "preact/hooks";
import type { AuditRecord } from "../../api/audit.ts";
import { FailureNote, NotAllowed, SearchField, StateBadge, Time, useFollow } from "../parts/index.ts";
import { may, reachesTenant, useSession } from "../session/index.ts";

/** Who did what, as it is recorded. */
export function Audit() {
  const session = useSession();
  const isAllowed = may(session, "audit") && reachesTenant(session);
  return (
    <>
      <h1>Audit</h1>
      {isAllowed ? <Records /> : <NotAllowed what="the audit trail" permission="audit" />}
    </>
  );
}

function Records() {
  const { tenant } = useSession();
  const input = useMemo(() => ({ tenant, follow: true, tail: firstRecords }), [tenant]);
  const { elements, connected, failure } = useFollow("audit", input, { keep: keptRecords });
  const [search, setSearch] = useState("");
  const shown = useMemo(() => fitting(elements, search), [elements, search]);
  return (
    <>
      <div class="bar">
        <SearchField label="Filter records" placeholder="Filter (/)" value={search} onValue={setSearch} />
        <p class="summary" role="status">
          {connected ? "live" : failure ? "ended" : "connecting…"} · {shown.length} of {elements.length} records
        </p>
      </div>
      {failure && <FailureNote failure={failure} />}
      <ol class="events">
        {shown.map(({ sequence, time, kind, outcome, operation, subject, actor, code, reason, request_id, begin }) => (
          <li key={sequence}>
            <Time at={time} /> <span class="id">#{sequence}</span> <StateBadge state={outcome ?? kind} />{" "}
            <strong>{operation ?? kind}</strong> <code>{subject ?? ""}</code> by <code>{actor ?? "the kernel"}</code>{" "}
            <span class="hint">
              {begin !== null && `began as #${begin} `}
              {code !== null && `${code}: ${reason ?? ""} `}
              {request_id !== null && `request ${request_id}`}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

function fitting(records: readonly AuditRecord[], search: string): AuditRecord[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ operation, subject, actor, outcome, kind, code, request_id, sequence }: AuditRecord) => {
    const text = `#${sequence} ${operation} ${subject} ${actor} ${outcome} ${kind} ${code} ${request_id}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return records.filter(fits).toReversed();
}

const firstRecords = 200;
const keptRecords = 1_000;
