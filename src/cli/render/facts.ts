import type { View } from "../view.ts";

/** Labels and values in two columns. */
export function renderFacts(facts: readonly (readonly [label: string, value: string])[], { style }: View): string {
  const width = Math.max(0, ...facts.map(([label]) => label.length));
  return facts.map(([label, value]) => `${style.dim(label.padEnd(width))}  ${value}`).join("\n");
}
