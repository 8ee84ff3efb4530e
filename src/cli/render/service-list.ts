import type { ServiceList } from "../../api/index.ts";

export function renderServiceList({ services }: ServiceList): string {
  return services.map(({ service }) => service).join("\n");
}
