import type { Overview } from "../overview.ts";
import type { View } from "../view.ts";
import { renderHealth } from "./health.ts";
import { renderServiceList } from "./service-list.ts";

/** The kernel's health and every service: `solo status` without a name. */
export function renderOverview({ kernel, services }: Overview, view: View): string {
  const { style } = view;
  const heading =
    kernel === null ? style.yellow("no kernel runs; what follows is from its files") : renderHealth(kernel, view);
  return `${heading}\n\n${renderServiceList({ services: [...services] }, view)}`;
}
