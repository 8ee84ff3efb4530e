/** @jsxImportSource preact */
import { useCallback } from "preact/hooks";
import { bytes, duration, FailureNote, StateBadge, usePoll } from "../parts/index.ts";
import { useSession } from "../session/index.ts";

/** How the kernel is; everybody may know. */
export function KernelHealth() {
  const { client } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const [health, version] = await Promise.all([
        client.call("health", {}, { signal }),
        client.call("version", {}, { signal }),
      ]);
      return { health: health.document, version: version.document };
    },
    [client],
  );
  const { value, failure } = usePoll(load, everyMs);
  return (
    <>
      <div class="bar">
        <h1>Kernel</h1>
        {value && <StateBadge state={value.health.status} />}
      </div>
      {failure && <FailureNote failure={failure} />}
      {value && (
        <>
          <dl class="facts">
            <Fact name="Version" value={`${value.version.version} (${value.version.commit})`} />
            <Fact name="Runs on" value={`${value.version.platform}, ${value.version.runtime}`} />
            <Fact name="PID" value={String(value.health.pid)} />
            <Fact name="Uptime" value={duration(value.health.uptime_ms)} />
            <Fact name="Memory" value={bytes(value.health.memory_bytes)} />
            <Fact name="Services" value={`${value.health.services.ready} of ${value.health.services.total} ready`} />
          </dl>
          <h2>Parts</h2>
          <table>
            <thead>
              <tr>
                <th scope="col">Part</th>
                <th scope="col">Status</th>
                <th scope="col">What it says</th>
              </tr>
            </thead>
            <tbody>
              {value.health.checks.map(({ name, status, message }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>
                    <StateBadge state={status} />
                  </td>
                  <td class="text">{message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const everyMs = 3_000;
