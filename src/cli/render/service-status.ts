import { formatDuration, formatSize, type InstanceDetail, type ServiceStatus } from "../../api/index.ts";
import type { View } from "../view.ts";
import { renderRecentEvents } from "./event.ts";
import { relativeTime } from "./relative-time.ts";
import { paintState } from "./state.ts";
import { type Column, renderTable } from "./table.ts";

/** Everything about one service: what it is, its instances, probes, the last exit and what happened lately. */
export function renderServiceStatus(status: ServiceStatus, view: View): string {
  const { style, now } = view;
  const facts: [label: string, value: string][] = [
    ["state", paintState(status.state, status.state, style)],
    ["ready", `${status.ready}/${status.replicas}`],
    ["health", paintState(status.health.status, status.health.status, style)],
    ["revision", status.revision.slice(0, revisionDigits)],
    ["kind", status.kind],
    ["sandbox", sandboxOf(status, view)],
    ["url", status.url === null ? "-" : style.cyan(status.url)],
    ["restarts", String(status.restarts)],
    ["memory", status.rss_bytes > 0 ? formatSize(status.rss_bytes) : "-"],
    ["log budget", formatSize(status.limits.log_bytes)],
    ...limits(status),
    ...pressure(status),
  ];
  for (const { resource, limit, used, reserved } of status.budget?.resources ?? []) {
    if (limit === null) continue;
    const held = reserved > 0 ? `, ${quantity(resource, reserved)} set aside` : "";
    facts.push([
      resource === "wall_ms" ? "wall time" : resource,
      `${quantity(resource, used)} of ${quantity(resource, limit)} used${held}`,
    ]);
  }
  if (status.last_exit) {
    const { instance, reason, time } = status.last_exit;
    facts.push(["last exit", `${instance}: ${reason}, ${relativeTime(time, now)}`]);
  }
  const sections = [
    `${style.bold(`${status.tenant}/${status.service}`)}`,
    facts.map(([label, value]) => `  ${style.dim(label.padEnd(labelWidth))}${value}`).join("\n"),
  ];
  if (status.instances.length > 0) sections.push(renderTable(status.instances, instanceColumns(view), view));
  const failing = status.health.probes.filter(({ ok }) => ok === false);
  if (failing.length > 0) {
    const lines = failing.map(({ instance, probe, type, message }) => `  ${instance} ${probe} (${type}): ${message}`);
    sections.push([style.red("failing probes"), ...lines].join("\n"));
  }
  if (status.recent_events.length > 0) {
    sections.push([style.dim("recent events"), ...renderRecentEvents(status.recent_events, view)].join("\n"));
  }
  return sections.join("\n\n");
}

function quantity(resource: string, value: number): string {
  return resource === "wall_ms" ? formatDuration(value) : String(value);
}

function instanceColumns({ style }: View): Column<InstanceDetail>[] {
  return [
    { title: "INSTANCE", value: ({ id }) => id },
    { title: "STATE", value: ({ state }) => state, paint: (text, { state }) => paintState(text, state, style) },
    { title: "PID", value: ({ pid }) => String(pid ?? "-"), align: "right" },
    { title: "PORT", value: ({ port }) => String(port ?? "-"), align: "right" },
    { title: "UPTIME", value: ({ uptime_ms }) => (uptime_ms > 0 ? formatDuration(uptime_ms) : "-"), align: "right" },
    { title: "RESTARTS", value: ({ restarts }) => String(restarts), align: "right", leaves: 1 },
    { title: "MEMORY", value: ({ rss_bytes }) => (rss_bytes > 0 ? formatSize(rss_bytes) : "-"), align: "right" },
    { title: "CPU", value: ({ cpu_percent }) => `${cpu_percent.toFixed(1)}%`, align: "right" },
    { title: "REVISION", value: ({ revision }) => revision.slice(0, revisionDigits), leaves: 2 },
    {
      title: "NOTE",
      value: ({ adopted, throttle, reason, agent }) =>
        [adopted ? "adopted" : "", slownessOf(throttle), reason ?? "", recoveryOf(agent)].filter(Boolean).join(", "),
      shrinks: true,
      optional: true,
    },
  ];
}

function slownessOf(throttle: number | null): string {
  return throttle === null ? "" : `slowed down to ${Math.round(throttle * 100)} % of the time`;
}

function recoveryOf(agent: ServiceStatus["instances"][number]["agent"]): string {
  if (!agent?.recovery) return "";
  const { detection_ms, restart_ms } = agent.recovery;
  const noticed = detection_ms > 0 ? `${formatDuration(detection_ms)} after its last word` : "at once";
  return `noticed ${noticed}, back after ${formatDuration(restart_ms)}`;
}

const labelWidth = 12;
const revisionDigits = 12;

/** Nothing to say of a service that nobody calls. */
function pressure({ mailbox, breakers }: ServiceStatus): [string, string][] {
  const facts: [string, string][] = [];
  if (mailbox !== null && mailbox.waiting + mailbox.in_flight + mailbox.refused + mailbox.expired > 0) {
    const { waiting, limit, in_flight, refused, expired } = mailbox;
    const lost = `${refused > 0 ? `, ${refused} refused` : ""}${expired > 0 ? `, ${expired} expired` : ""}`;
    facts.push(["calls", `${waiting} of ${limit} waiting, ${in_flight} in work${lost}`]);
  }
  for (const { caller, state, failures, retry_in_ms } of breakers) {
    const open = state === "open" ? `open for ${formatDuration(retry_in_ms)} more` : state.replace("_", " ");
    facts.push(["breaker", `${caller}: ${open}, ${failures} ${failures === 1 ? "failure" : "failures"} in a row`]);
  }
  return facts;
}

function limits(status: ServiceStatus): [string, string][] {
  const { memory_bytes, cpu_cores, processes, files, disk_bytes, queue, calls, action } = status.limits;
  const parts = [
    ...(memory_bytes === undefined ? [] : [`memory ${formatSize(memory_bytes)}`]),
    ...(cpu_cores === undefined ? [] : [`cpu ${cpu_cores}`]),
    ...(processes === undefined ? [] : [`processes ${processes}`]),
    ...(files === undefined ? [] : [`files ${files}`]),
    ...(disk_bytes === undefined ? [] : [`disk ${formatSize(disk_bytes)}`]),
  ];
  const own = parts.length === 0 ? [] : [`${parts.join(", ")} (${action})`];
  if (queue !== undefined) own.push(`queue ${queue}`);
  if (calls !== undefined) own.push(`calls ${calls}`);
  return own.length === 0 ? [] : [["limits", own.join(", ")]];
}

function sandboxOf({ sandbox }: ServiceStatus, { style }: View): string {
  if (sandbox === "off") return style.red("OFF: it may do whatever you may");
  if (sandbox === "audit") return style.red("AUDIT: no file and no port is refused, and what is used is recorded");
  return sandbox;
}
