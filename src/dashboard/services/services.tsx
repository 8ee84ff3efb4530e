/** @jsxImportSource preact */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { ServiceRow } from "../../api/documents.ts";
import { FailureNote, NotAllowed, SearchField, usePoll } from "../parts/index.ts";
import { may, useSession } from "../session/index.ts";
import { arranged, type Column, columns, type Order } from "./order.ts";
import { Row } from "./row.tsx";

/** All services that the token reaches. */
export function Services() {
  const session = useSession();
  if (!may(session, "read")) return <NotAllowed what="services" permission="read" />;
  return <ServiceTable />;
}

function ServiceTable() {
  const { client, tenant } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => (await client.call("list", { tenant }, { signal })).document.services,
    [client, tenant],
  );
  const { value: rows, failure } = usePoll(load, everyMs);
  const [search, setSearch] = useState("");
  const [order, setOrder] = useState<Order>({ by: "service", descending: false });
  const shown = useMemo(() => arranged(rows ?? [], search, order), [rows, search, order]);
  const [drawn, setDrawn] = useState(firstRows);
  useEffect(() => {
    if (rows !== undefined) setDrawn(Number.POSITIVE_INFINITY);
  }, [rows]);
  const sort = (by: Column) => setOrder(({ by: now, descending }) => ({ by, descending: by === now && !descending }));
  return (
    <>
      <div class="bar">
        <h1>Services</h1>
        <p class="summary" role="status">
          {rows && summary(rows, shown.length)}
        </p>
        <SearchField label="Search services" placeholder="Search (/)" value={search} onValue={setSearch} />
      </div>
      {failure && <FailureNote failure={failure} />}
      {rows && (
        <table class="services">
          <thead>
            <tr>
              {columns.map(({ key, title }) => (
                <th
                  key={key}
                  scope="col"
                  class={key === "uptime_ms" ? "wide" : undefined}
                  aria-sort={order.by !== key ? undefined : order.descending ? "descending" : "ascending"}
                >
                  <button type="button" onClick={() => sort(key)}>
                    {title}
                  </button>
                </th>
              ))}
              <th scope="col" class="wide">
                URL
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, drawn).map((row) => (
              <Row key={row.service} row={row} />
            ))}
          </tbody>
        </table>
      )}
      {rows && shown.length === 0 && <Nothing searched={rows.length > 0} />}
    </>
  );
}

function Nothing({ searched }: { readonly searched: boolean }) {
  if (searched) return <p class="empty">No service fits the search.</p>;
  return (
    <div class="empty">
      <p>There are no services here yet.</p>
      <p class="hint">
        <code>solo deploy server.ts web</code> makes one.
      </p>
    </div>
  );
}

/** How many there are, and how many in each state. */
function summary(rows: readonly ServiceRow[], shown: number): string {
  const counts = new Map<string, number>();
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts].map(([state, count]) => `${count} ${state.replaceAll("_", " ")}`);
  const total = shown === rows.length ? `${rows.length}` : `${shown} of ${rows.length}`;
  return `${total} ${rows.length === 1 ? "service" : "services"}${rows.length > 0 ? `: ${parts.join(", ")}` : ""}`;
}

/** Drawn at first: more than fit on a screen. The others follow with the next frame. */
const firstRows = 60;
/** Between looks at all services, in milliseconds. */
const everyMs = 2_000;
