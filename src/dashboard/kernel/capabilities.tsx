/** @jsxImportSource preact */
import { useCallback, useState } from "preact/hooks";
import type { CapabilityDocument } from "../../api/capabilities.ts";
import { Confirm, FailureNote, StateBadge, Time, usePoll } from "../parts/index.ts";
import { useSession } from "../session/index.ts";

/** The capabilities that the token may know of: itself, and what comes from it. */
export function Capabilities() {
  const { client, tenant, capability: own } = useSession();
  const [all, setAll] = useState(false);
  const [ending, setEnding] = useState<CapabilityDocument>();
  const load = useCallback(
    async (signal: AbortSignal) =>
      (await client.call("capabilities", { tenant, all }, { signal })).document.capabilities,
    [client, tenant, all],
  );
  const { value, failure, refresh } = usePoll(load, everyMs);
  const revoke = async () => {
    if (ending !== undefined) await client.call("capabilityRevoke", { tenant, id: ending.id });
  };
  return (
    <>
      <div class="bar">
        <h1>Capabilities</h1>
        <label class="check">
          <input type="checkbox" checked={all} onChange={({ currentTarget }) => setAll(currentTarget.checked)} /> past
          ones and those of instances too
        </label>
      </div>
      {failure && <FailureNote failure={failure} />}
      {value?.length === 0 && <p class="empty">None that your token may know of.</p>}
      {value?.map((each) => (
        <article class="card" key={each.id}>
          <p>
            <code>{each.id}</code> <StateBadge state={each.state} />
            {each.id === own.id && <span class="tag">yours</span>} on <code>{each.resource}</code>
            {each.holder !== null && <> for {each.holder}</>}
            {each.instance !== null && <> of the instance {each.instance}</>}
          </p>
          <p class="permissions">
            {each.permissions.map((permission) => (
              <code key={permission}>{permission}</code>
            ))}
          </p>
          <p class="hint">
            made <Time at={each.created} />,{" "}
            {each.expires === null ? (
              "never expires"
            ) : (
              <>
                until <Time at={each.expires} />
              </>
            )}
            {each.rate !== null && `, ${each.rate} a second`}
            {each.calls !== null && `, ${each.calls_used} of ${each.calls} used`}
            {each.parent !== null && `, from ${each.parent}`}
          </p>
          {each.state === "valid" && (
            <button type="button" onClick={() => setEnding(each)} aria-label={`Revoke ${each.id}`}>
              Revoke
            </button>
          )}
        </article>
      ))}
      {ending && (
        <Confirm
          title={`Revoke ${ending.id}?`}
          verb="Revoke"
          danger
          act={revoke}
          onClose={() => {
            setEnding(undefined);
            refresh();
          }}
        >
          <p>It ends at once and for good, and so does all that came from it.</p>
          {ending.id === own.id && <p>It is the one that you signed in with.</p>}
        </Confirm>
      )}
    </>
  );
}

const everyMs = 5_000;
