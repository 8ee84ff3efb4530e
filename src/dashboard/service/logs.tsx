/** @jsxImportSource preact */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { LogLine } from "../../api/documents.ts";
import { FailureNote, moment, SearchField, useFollow } from "../parts/index.ts";
import { useSession } from "../session/index.ts";
import { Marked } from "./marked.tsx";
import type { TabProps } from "./service.tsx";

const levels = ["debug", "info", "warn", "error"] as const;
type Level = (typeof levels)[number];

/** A service's output as it comes. */
export function Logs({ name }: TabProps) {
  const { tenant } = useSession();
  const [paused, setPaused] = useState(false);
  const [search, setSearch] = useState("");
  const [least, setLeast] = useState<Level>("debug");
  const input = useMemo(() => ({ tenant, name, follow: true, tail: firstLines }), [tenant, name]);
  const { elements, dropped, connected, failure } = useFollow("logs", input, { keep: keptLines, paused });
  const shown = useMemo(() => fitting(elements, search, least), [elements, search, least]);
  const visible = shown.slice(-shownLines);
  const hidden = shown.length - visible.length;
  return (
    <section class="logs" aria-label={`Logs of ${name}`}>
      <div class="bar">
        <SearchField label="Filter lines" placeholder="Filter (/)" value={search} onValue={setSearch} />
        <select
          aria-label="Least level"
          value={least}
          onChange={({ currentTarget }) => setLeast(levels.find((level) => level === currentTarget.value) ?? "debug")}
        >
          {levels.map((level) => (
            <option key={level} value={level}>
              {level === "debug" ? "all levels" : level === "error" ? "errors" : `${level} and above`}
            </option>
          ))}
        </select>
        <button type="button" data-key="p" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? "Go on" : "Pause"}
        </button>
        <p class="summary" role="status">
          {paused ? "paused" : connected ? "live" : failure ? "ended" : "connecting…"} · {shown.length} of{" "}
          {elements.length} lines
        </p>
      </div>
      {failure && <FailureNote failure={failure} />}
      <Lines lines={visible} search={search} before={dropped + hidden} still={paused} />
    </section>
  );
}

interface LinesProps {
  readonly lines: readonly LogLine[];
  readonly search: string;
  /** How many came before these that are not shown. */
  readonly before: number;
  readonly still: boolean;
}

/** Keeps the last line in sight, unless somebody scrolled up to read. */
function Lines({ lines, search, before, still }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const { current } = box;
    if (current !== null && atEnd.current && !still) current.scrollTop = current.scrollHeight;
  });
  const onScroll = () => {
    const { current } = box;
    if (current !== null) atEnd.current = current.scrollHeight - current.scrollTop - current.clientHeight < nearPx;
  };
  return (
    <div class="lines" ref={box} onScroll={onScroll} role="log" aria-live="off" aria-label="Lines">
      {before > 0 && <p class="hint">{before} earlier lines are not shown: `solo logs` has them all</p>}
      {lines.length === 0 && <p class="hint">No line{search === "" ? " yet" : " fits the filter"}.</p>}
      {lines.map(({ cursor, time, instance, level, message }) => (
        <div key={cursor} class={`line ${level}`}>
          <time dateTime={time}>{moment(time)}</time> <span class="instance">{instance}</span>{" "}
          <span class="message">
            <Marked text={message} search={search} />
          </span>
        </div>
      ))}
    </div>
  );
}

function fitting(lines: readonly LogLine[], search: string, least: Level): readonly LogLine[] {
  const from = levels.indexOf(least);
  if (search === "" && from === 0) return lines;
  const text = search.toLowerCase();
  return lines.filter(({ level, message, instance }) => {
    if (levels.indexOf(level) < from) return false;
    return message.toLowerCase().includes(text) || instance.toLowerCase().includes(text);
  });
}

/** Asked for at the beginning. */
const firstLines = 500;
/** Kept to be filtered. */
const keptLines = 5_000;
/** On the page at once. */
const shownLines = 1_000;
/** From the end, at which one is still said to be there. */
const nearPx = 24;
