import {
  type BudgetDocument,
  type EffectDocument,
  type EffectList,
  formatDuration,
  type SignalResult,
} from "../../api/index.ts";
import type { Style } from "../style.ts";
import type { View } from "../view.ts";
import { relativeTime } from "./relative-time.ts";
import { renderTable } from "./table.ts";

/** A service's effects, one on a line. */
export function renderEffects({ service, effects }: EffectList, view: View): string {
  if (effects.length === 0) return `${service} keeps no effects`;
  return renderTable(
    effects,
    [
      { title: "RUN", value: ({ run }) => run ?? "", optional: true },
      { title: "EFFECT", value: ({ id }) => id, paint: (text) => view.style.bold(text) },
      { title: "STATE", value: ({ state }) => state, paint: (text, { state }) => paint(text, state, view.style) },
      { title: "ATTEMPT", value: ({ attempt }) => String(attempt), align: "right", leaves: 1 },
      { title: "BEGUN", value: ({ begun }) => relativeTime(begun, view.now), align: "right" },
      { title: "INSTANCE", value: ({ instance }) => instance, leaves: 2 },
      { title: "REASON", value: ({ reason }) => reason ?? "", shrinks: true, optional: true },
    ],
    view,
  );
}

export function renderEffect({ id, run, state }: EffectDocument, { style }: View): string {
  const where = run === null ? "" : ` of run ${style.bold(run)}`;
  return `effect ${style.bold(id)}${where} is ${paint(state, state, style)}`;
}

export function renderSignal({ service, signal, run, delivered }: SignalResult, { style }: View): string {
  const where = run === null ? style.bold(service) : `run ${style.bold(run)} of ${style.bold(service)}`;
  return delivered ? `${where} has got ${style.bold(signal)}` : `${where} had got that ${style.bold(signal)} already`;
}

/** What was used of each resource, and what is left. */
export function renderBudget({ service, window_ms, window_ends, resources }: BudgetDocument, view: View): string {
  const { style } = view;
  const heading =
    window_ms === null || window_ends === null
      ? style.bold(service)
      : `${style.bold(service)}, every ${formatDuration(window_ms)}, the next time at ${window_ends}`;
  const text = (value: number | null, resource: string) =>
    value === null ? "-" : resource === "wall_ms" ? formatDuration(value) : String(value);
  const table = renderTable(
    resources,
    [
      { title: "RESOURCE", value: ({ resource }) => (resource === "wall_ms" ? "wall time" : resource) },
      { title: "LIMIT", value: ({ limit, resource }) => text(limit, resource), align: "right" },
      { title: "USED", value: ({ used, resource }) => text(used, resource), align: "right" },
      { title: "RESERVED", value: ({ reserved, resource }) => text(reserved, resource), align: "right" },
      {
        title: "LEFT",
        value: ({ left, resource }) => text(left, resource),
        align: "right",
        paint: (shown, { left }) => (left === 0 ? style.red(shown) : shown),
      },
    ],
    view,
  );
  return `${heading}\n${table}`;
}

function paint(text: string, state: EffectDocument["state"], style: Style): string {
  if (state === "unknown") return style.red(text);
  if (state === "done") return style.green(text);
  return state === "pending" || state === "retry" ? style.yellow(text) : text;
}
