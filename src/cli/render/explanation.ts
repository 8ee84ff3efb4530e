import type { Explanation } from "../../config/index.ts";
import type { View } from "../view.ts";

/** A setting, what it is about, and every layer that says something of it, the one that won first. */
export function renderExplanation({ key, about, layers }: Explanation, { style }: View): string {
  const width = Math.max(...layers.map(({ layer }) => layer.length));
  const lines = layers.map(({ layer, value, place }, index) => {
    const text = `  ${layer.padEnd(width)}  ${value}${place === layer ? "" : `  (${place})`}`;
    return index === 0 ? style.green(text) : style.dim(text);
  });
  return [`${style.bold(key)}: ${about}`, ...lines].join("\n");
}
