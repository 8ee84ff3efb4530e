/** @jsxImportSource preact */
import { useMemo, useState } from "preact/hooks";
import type { EventDocument } from "../../api/documents.ts";
import { FailureNote, SearchField, Time, useFollow } from "../parts/index.ts";
import { useSession } from "../session/index.ts";

/** What happened, as it happens: of one service, or of all that the token reaches. The latest stands first. */
export function EventStream({ name }: { readonly name?: string }) {
  const { tenant } = useSession();
  const input = useMemo(
    () => ({ tenant, follow: true, tail: firstEvents, ...(name !== undefined && { name }) }),
    [tenant, name],
  );
  const { elements, connected, failure } = useFollow("events", input, { keep: keptEvents });
  const [search, setSearch] = useState("");
  const shown = useMemo(() => fitting(elements, search), [elements, search]);
  const ids = useMemo(() => new Set(shown.map(({ id }) => id)), [shown]);
  return (
    <section aria-label="Events">
      <div class="bar">
        <SearchField label="Filter events" placeholder="Filter (/)" value={search} onValue={setSearch} />
        <p class="summary" role="status">
          {connected ? "live" : failure ? "ended" : "connecting…"} · {shown.length} of {elements.length} events
        </p>
      </div>
      {failure && <FailureNote failure={failure} />}
      <ol class="events">
        {shown.map((event) => (
          <Event key={event.id} event={event} ids={ids} withSubject={name === undefined} />
        ))}
      </ol>
      {connected && shown.length === 0 && <p class="empty">No event{search === "" ? " yet" : " fits the filter"}.</p>}
    </section>
  );
}

interface EventProps {
  readonly event: EventDocument;
  /** Of the events in the list. */
  readonly ids: ReadonlySet<number>;
  readonly withSubject: boolean;
}

function Event({ event, ids, withSubject }: EventProps) {
  const { id, time, event: what, subject, cause, data } = event;
  const facts = Object.entries(data).map(
    ([field, value]) => `${field}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return (
    <li id={`event-${id}`} tabIndex={-1} class={tone(what)}>
      <Time at={time} /> <span class="id">#{id}</span> <strong>{what.replaceAll("_", " ")}</strong>{" "}
      <code>{withSubject ? subject : subject.split("/").slice(2).join("/")}</code>{" "}
      {cause !== null && !ids.has(cause) && <span class="hint">because of #{cause}</span>}
      {cause !== null && ids.has(cause) && (
        <button type="button" class="link" onClick={() => show(cause)}>
          because of #{cause}
        </button>
      )}
      {facts.length > 0 && <span class="hint"> {facts.join(" · ")}</span>}
    </li>
  );
}

/** Brings another event of the list into sight. */
function show(id: number): void {
  const element = document.getElementById(`event-${id}`);
  element?.scrollIntoView({ block: "center" });
  element?.focus();
}

function tone(event: string): string | undefined {
  if (/fail|crash|exited|damaged|unhealthy|opened/.test(event)) return "bad";
  return /denied|refused|rolled_back|unsandboxed|recorded|recorder_lost|kill/.test(event) ? "fair" : undefined;
}

function fitting(events: readonly EventDocument[], search: string): EventDocument[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ event, subject, data, id }: EventDocument) => {
    const text = `#${id} ${event.replaceAll("_", " ")} ${subject} ${JSON.stringify(data)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return events.filter(fits).toReversed();
}

const firstEvents = 200;
const keptEvents = 1_000;
