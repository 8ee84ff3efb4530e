import type { DiscoveredList, DiscoveredService, Unregistered } from "../../api/index.ts";
import type { View } from "../view.ts";
import { renderTable } from "./table.ts";

export function renderRegistry({ services }: DiscoveredList, view: View): string {
  if (services.length === 0) return "nothing is registered under that; `provides` in solo.toml registers a service";
  return renderTable(
    services,
    [
      { title: "NAME", value: ({ service_name }) => service_name },
      { title: "VERSION", value: ({ version }) => version },
      { title: "SERVICE", value: ({ service_id, instance }) => instance ?? service_id },
      {
        title: "ALIVE",
        value: ({ alive }) => (alive ? "yes" : "no"),
        paint: (text, { alive }) => (alive ? text : view.style.red(text)),
      },
      { title: "URL", value: ({ url }) => url ?? "-", shrinks: true },
      { title: "METADATA", value: ({ metadata }) => fields(metadata), shrinks: true, optional: true },
      { title: "EXPIRES", value: ({ expires }) => expires ?? "", optional: true, leaves: 2 },
      { title: "HANDLE", value: ({ handle }) => handle ?? "-", leaves: 1 },
    ],
    view,
  );
}

export function renderRegistered({ service_name, service_id, handle, expires }: DiscoveredService): string {
  const until = expires === null ? "until it is unregistered" : `until ${expires}, unless it is renewed`;
  return `${service_name} is provided by ${service_id} ${until}\nhandle ${handle}`;
}

export function renderUnregistered({ service_name, service_id }: Unregistered): string {
  return `${service_name} is no longer provided by ${service_id}`;
}

function fields(metadata: Readonly<Record<string, string>>): string {
  return Object.entries(metadata)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}
