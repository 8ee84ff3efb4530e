import { type CapabilityChange, type DeployResult, formatDuration } from "../../api/index.ts";
import type { View } from "../view.ts";
import { paintState } from "./state.ts";

/** One service per line: what became of it, where it answers, how long it took. */
export function renderDeployResults(results: readonly DeployResult[], { style }: View): string {
  return results.map((result) => renderDeployResult(result, style)).join("\n");
}

function renderDeployResult(result: DeployResult, style: View["style"]): string {
  const { service, state, instances, url, changed, took_ms, capability_changes } = result;
  const facts = [
    style.bold(service),
    paintState(state, state, style),
    ...(url === null ? [] : [style.cyan(url)]),
    style.dim(`${instances.length} instance${instances.length === 1 ? "" : "s"}`),
    style.dim(changed ? formatDuration(took_ms) : "unchanged"),
  ];
  return [facts.join("  "), ...(capability_changes ?? []).map((change) => renderChange(change, style))].join("\n");
}

function renderChange({ change, setting, value, widens }: CapabilityChange, style: View["style"]): string {
  const line = `  ${change === "added" ? "+" : "-"} ${setting} ${value}`;
  return widens ? style.yellow(line) : line;
}
