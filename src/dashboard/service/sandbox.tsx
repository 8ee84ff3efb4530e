/** @jsxImportSource preact */
import { useCallback } from "preact/hooks";
import { FailureNote, Time, usePoll } from "../parts/index.ts";
import { useSession } from "../session/index.ts";
import type { TabProps } from "./service.tsx";

/** What a service may reach, and what it was refused. */
export function Sandbox({ name }: TabProps) {
  const { client, tenant } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => (await client.call("sandbox", { tenant, name }, { signal })).document,
    [client, tenant, name],
  );
  const { value: sandbox, failure } = usePoll(load, everyMs);
  if (sandbox === undefined) return failure ? <FailureNote failure={failure} /> : null;
  const ports = (list: "any" | readonly number[]) => (list === "any" ? "any" : list.join(", ") || "none");
  const used = sandbox.learned?.used ?? [];
  return (
    <>
      {sandbox.mode === "audit" && <p class="tag warn">No file and no port is refused: what it uses is recorded.</p>}
      <dl class="facts">
        <div>
          <dt>Mode</dt>
          <dd>{sandbox.mode}</dd>
        </div>
        <div>
          <dt>Score</dt>
          <dd>{sandbox.score} of 100</dd>
        </div>
        <div>
          <dt>May connect to</dt>
          <dd>{ports(sandbox.connect)}</dd>
        </div>
        <div>
          <dt>May listen on</dt>
          <dd>{ports(sandbox.listen)}</dd>
        </div>
      </dl>
      <h2>Refused</h2>
      {sandbox.refused.length === 0 && <p class="hint">Nothing that its words tell of.</p>}
      <ul class="plain">
        {sandbox.refused.map(({ time, instance, access, target, advice }) => (
          <li key={`${time} ${instance} ${access} ${target}`}>
            <Time at={time} /> <strong>{access}</strong> <code>{target ?? "?"}</code> ({instance}){" "}
            <span class="hint">{advice}</span>
          </li>
        ))}
      </ul>
      {sandbox.learned !== null && <h2>Used beyond its own</h2>}
      <ul class="plain">
        {used.slice(0, mostShown).map(({ access, target, allowed }) => (
          <li key={`${access} ${target}`}>
            <strong>{access}</strong> <code>{target}</code> <span class="hint">{allowed ? "declared" : ""}</span>
          </li>
        ))}
      </ul>
      {used.length > mostShown && <p class="hint">and {used.length - mostShown} more</p>}
      <div class="columns">
        <section>
          <h2>Paths</h2>
          <ul class="plain paths">
            {sandbox.paths.map(({ path, read, write, execute, origin }) => (
              <li key={`${path} ${origin}`}>
                <code>{`${read ? "r" : "-"}${write ? "w" : "-"}${execute ? "x" : "-"}`}</code> <code>{path}</code>{" "}
                <span class="hint">{origin.replaceAll("_", " ")}</span>
              </li>
            ))}
          </ul>
        </section>
        <section>
          <h2>By what</h2>
          <ul class="plain">
            {sandbox.mechanisms.map(({ name: mechanism, available, detail }) => (
              <li key={mechanism}>
                {available ? "✓" : "✗"} {mechanism} <span class="hint">{detail}</span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </>
  );
}

const everyMs = 10_000;
/** Uses that are shown; `solo sandbox show --json` has them all. */
const mostShown = 50;
