/** @jsxImportSource preact */
import { useCallback, useEffect, useState } from "preact/hooks";
import type { CheckpointDocument } from "../../api/checkpoints.ts";
import { bytes, FailureNote, Time, usePoll } from "../parts/index.ts";
import { may, useSession } from "../session/index.ts";
import { type CheckpointAction, CheckpointDialog } from "./checkpoint-dialog.tsx";
import type { TabProps } from "./service.tsx";
import { Timeline } from "./timeline.tsx";

/** A service's checkpoints along time, and what can be done with them. */
export function Checkpoints({ name }: TabProps) {
  const session = useSession();
  const { client, tenant } = session;
  const load = useCallback(
    async (signal: AbortSignal) => (await client.call("checkpoints", { tenant, name }, { signal })).document,
    [client, tenant, name],
  );
  const { value, failure, refresh } = usePoll(load, everyMs);
  const [chosen, setChosen] = useState<string>();
  const [asked, setAsked] = useState<CheckpointAction>();
  useEffect(() => {
    if (chosen !== undefined) document.getElementById(chosen)?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const mayChange = may(session, "checkpoint");
  return (
    <>
      <div class="bar">
        <p class="summary">{value && `${value.checkpoints.length} checkpoints`}</p>
        {mayChange ? (
          <div class="actions">
            <button type="button" onClick={() => setAsked({ type: "create" })}>
              Make a checkpoint
            </button>
            <button type="button" onClick={() => setAsked({ type: "restore" })}>
              Restore a time…
            </button>
          </div>
        ) : (
          <span class="actions faint">no permission to change checkpoints</span>
        )}
      </div>
      {failure && <FailureNote failure={failure} />}
      {value?.damaged.map(({ id, path, problem }) => (
        <p class="note" key={path}>
          A copy of <code>{id}</code> is damaged: {problem}
        </p>
      ))}
      {value?.checkpoints.length === 0 && <p class="empty">There are none yet.</p>}
      {value && value.checkpoints.length > 0 && (
        <>
          <Timeline checkpoints={value.checkpoints} chosen={chosen} onChoose={setChosen} />
          <ol class="plain checkpoints">
            {value.checkpoints.toReversed().map((each) => (
              <li key={each.id} id={each.id} class={each.id === chosen ? "card chosen" : "card"}>
                <Facts checkpoint={each} />
                <div class="actions">
                  {mayChange && (
                    <button type="button" onClick={() => setAsked({ type: "restore", checkpoint: each })}>
                      Restore
                    </button>
                  )}
                  {may(session, "deploy") && (
                    <button type="button" onClick={() => setAsked({ type: "fork", checkpoint: each })}>
                      Fork
                    </button>
                  )}
                  {mayChange && (
                    <button type="button" onClick={() => setAsked({ type: "delete", checkpoint: each })}>
                      Delete
                    </button>
                  )}
                </div>
              </li>
            ))}
          </ol>
        </>
      )}
      {asked && (
        <CheckpointDialog
          name={name}
          action={asked}
          onClose={() => {
            setAsked(undefined);
            refresh();
          }}
        />
      )}
    </>
  );
}

function Facts({ checkpoint }: { readonly checkpoint: CheckpointDocument }) {
  const { id, created, position, bytes: size, stored_bytes, entries, files, reason, parent, origin } = checkpoint;
  return (
    <div>
      <Time at={created} /> <strong>{reason.replaceAll("_", " ")}</strong> at position {position}
      <div class="hint">
        <code>{id}</code> · {entries} entries{files > 0 && `, ${files} files`}, {bytes(size)} ({bytes(stored_bytes)}{" "}
        stored){parent !== null && ` · after ${parent}`}
        {origin !== null && ` · from ${origin}`}
      </div>
    </div>
  );
}

const everyMs = 5_000;
