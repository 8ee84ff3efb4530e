/** @jsxImportSource preact */
import { useCallback } from "preact/hooks";
import type { CrashDocument } from "../../api/crashes.ts";
import { bytes, duration, FailureNote, Time, usePoll } from "../parts/index.ts";
import { useSession } from "../session/index.ts";
import type { TabProps } from "./service.tsx";

/** How its processes died that nobody had asked to stop. */
export function Crashes({ name }: TabProps) {
  const { client, tenant } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => (await client.call("crashes", { tenant, name }, { signal })).document.crashes,
    [client, tenant, name],
  );
  const { value, failure } = usePoll(load, everyMs);
  return (
    <>
      {failure && <FailureNote failure={failure} />}
      {value?.length === 0 && <p class="empty">It never crashed, as far as is remembered.</p>}
      {value?.map((crash) => (
        <Crash key={`${crash.instance} ${crash.time}`} crash={crash} />
      ))}
    </>
  );
}

function Crash({ crash }: { readonly crash: CrashDocument }) {
  const { time, instance, reason, usage, uptime_ms, restarts, log } = crash;
  const facts = [
    uptime_ms === null ? undefined : `after ${duration(uptime_ms)}`,
    usage === null ? undefined : `with ${bytes(usage.rss_bytes)}`,
    `restart ${restarts}`,
  ];
  return (
    <details class="card">
      <summary>
        <Time at={time} /> <code>{instance}</code> {reason}{" "}
        <span class="hint">{facts.filter((fact) => fact !== undefined).join(", ")}</span>
      </summary>
      {crash.core !== null && <p class="hint">{crash.core}</p>}
      <pre>{log.join("\n") || "It had written nothing."}</pre>
    </details>
  );
}

const everyMs = 5_000;
