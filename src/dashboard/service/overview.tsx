/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";
import type { InstanceDetail, ServiceStatus } from "../../api/documents.ts";
import { bytes, duration, percent, StateBadge, Time } from "../parts/index.ts";
import { Charts } from "./charts.tsx";
import type { TabProps } from "./service.tsx";

/** How a service is: its instances, what they use, whether they are well, what limits them. */
export function Overview({ status }: TabProps) {
  const { instances, last_exit: exit } = status;
  return (
    <>
      <dl class="facts">
        <Fact name="Revision" value={<code>{status.revision.slice(0, 12)}</code>} />
        <Fact name="Kind" value={status.kind} />
        <Fact name="Ready" value={`${status.ready} of ${status.replicas}`} />
        <Fact name="Restarts" value={status.restarts} />
        <Fact name="Memory" value={bytes(status.rss_bytes)} />
        <Fact name="CPU" value={percent(status.cpu_percent)} />
        <Fact name="Sandbox" value={status.sandbox} />
        <Fact name="Changed" value={<Time at={status.updated} />} />
      </dl>
      {exit && (
        <p class="note">
          Last end: <code>{exit.instance}</code> at <Time at={exit.time} />, {exit.reason}
        </p>
      )}
      <Charts instances={instances} limit={status.limits.memory_bytes} />
      <h2>Instances</h2>
      {instances.length === 0 ? <p class="empty">None runs.</p> : <Instances instances={instances} />}
      <div class="columns">
        <Probes health={status.health} />
        <Limits status={status} />
      </div>
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Instances({ instances }: { readonly instances: readonly InstanceDetail[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {["Instance", "State", "PID", "Port", "Restarts", "Memory", "CPU", "Uptime"].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {instances.map((instance, index) => (
            <tr key={instance.id}>
              <th scope="row">
                <span class={`swatch swatch-${index}`} aria-hidden="true" />
                {instance.id}
                {instance.adopted && <span class="tag">adopted</span>}
              </th>
              <td>
                <StateBadge state={instance.state} />
                {instance.reason !== null && <div class="hint">{instance.reason}</div>}
                {instance.throttle !== null && (
                  <div class="hint">slowed down to {percent(instance.throttle * 100)}</div>
                )}
              </td>
              <td class="number">{instance.pid ?? "–"}</td>
              <td class="number">{instance.port ?? "–"}</td>
              <td class="number">{instance.restarts}</td>
              <td class="number">{bytes(instance.rss_bytes)}</td>
              <td class="number">{percent(instance.cpu_percent)}</td>
              <td class="number">{duration(instance.uptime_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Probes({ health }: Pick<ServiceStatus, "health">) {
  return (
    <section>
      <h2>
        Health <StateBadge state={health.status} />
      </h2>
      {health.probes.length === 0 && <p class="hint">It declares no probes.</p>}
      <ul class="plain">
        {health.probes.map((probe) => (
          <li key={`${probe.instance} ${probe.probe}`}>
            <StateBadge state={probe.ok === null ? "unknown" : probe.ok ? "healthy" : "unhealthy"} /> {probe.probe} (
            {probe.type}) of {probe.instance}, {probe.consecutive} in a row
            {probe.message !== "" && <span class="hint"> {probe.message}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Limits({ status: { limits, mailbox, breakers, budget } }: { readonly status: ServiceStatus }) {
  const facts: (readonly [string, string | number | undefined])[] = [
    ["Memory", limits.memory_bytes === undefined ? undefined : bytes(limits.memory_bytes)],
    ["CPU", limits.cpu_cores === undefined ? undefined : `${limits.cpu_cores} cores`],
    ["Processes", limits.processes],
    ["Open files", limits.files],
    ["Calls at once", limits.calls],
    ["Disk", limits.disk_bytes === undefined ? undefined : bytes(limits.disk_bytes)],
    ["Logs", bytes(limits.log_bytes)],
    ["When passed", limits.action],
    ["Waiting calls", mailbox === null ? undefined : `${mailbox.waiting} of ${mailbox.limit}`],
    ["Calls in work", mailbox?.in_flight],
    ["Refused, expired", mailbox === null ? undefined : `${mailbox.refused}, ${mailbox.expired}`],
    ...(budget?.resources ?? []).map(
      ({ resource, used, limit }) => [`Budget of ${resource}`, `${used} of ${limit ?? "any"}`] as const,
    ),
  ];
  return (
    <section>
      <h2>Limits and pressure</h2>
      <dl class="facts">
        {facts.flatMap(([name, value]) => (value === undefined ? [] : [<Fact key={name} name={name} value={value} />]))}
      </dl>
      <ul class="plain">
        {breakers.map(({ caller, state, failures, retry_in_ms }) => (
          <li key={caller}>
            Breaker of calls from {caller}: <StateBadge state={state} /> after {failures} failures
            {retry_in_ms > 0 && `, tried again in ${duration(retry_in_ms)}`}
          </li>
        ))}
      </ul>
    </section>
  );
}
