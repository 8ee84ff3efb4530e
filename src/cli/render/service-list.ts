import { formatDuration, formatSize, type ServiceList, type ServiceRow } from "../../api/index.ts";
import type { View } from "../view.ts";
import { paintState } from "./state.ts";
import { type Column, renderTable } from "./table.ts";

export function renderServiceList({ services }: ServiceList, view: View): string {
  if (services.length === 0) return view.style.dim("no services; `solo deploy PATH` makes one");
  return renderTable(services, serviceColumns(view), view);
}

function serviceColumns({ style }: View): Column<ServiceRow>[] {
  return [
    { title: "SERVICE", value: ({ service }) => service, paint: (text) => style.bold(text), shrinks: true },
    { title: "STATE", value: ({ state }) => state, paint: (text, { state }) => paintState(text, state, style) },
    { title: "READY", value: ({ ready, replicas }) => `${ready}/${replicas}`, align: "right" },
    { title: "RESTARTS", value: ({ restarts }) => String(restarts), align: "right", leaves: 1 },
    { title: "UPTIME", value: ({ uptime_ms }) => (uptime_ms > 0 ? formatDuration(uptime_ms) : "-"), align: "right" },
    { title: "MEMORY", value: ({ rss_bytes }) => (rss_bytes > 0 ? formatSize(rss_bytes) : "-"), align: "right" },
    { title: "CPU", value: ({ cpu_percent }) => `${cpu_percent.toFixed(1)}%`, align: "right", leaves: 2 },
    {
      title: "SANDBOX",
      value: ({ sandbox }) => (sandbox === "off" || sandbox === "audit" ? sandbox.toUpperCase() : ""),
      paint: (text) => style.red(text),
      optional: true,
    },
    { title: "KIND", value: ({ kind }) => kind, leaves: 3 },
    { title: "URL", value: ({ url }) => url ?? "-", paint: (text) => style.cyan(text), shrinks: true, least: 24 },
  ];
}
