import type { LogLine } from "../../api/index.ts";
import type { Style } from "../style.ts";
import type { View } from "../view.ts";

/**
 * Renders log lines. The instance stands before the message where there are several, or once a second one has been seen,
 * each in a colour of its own; warnings and errors have theirs.
 */
export function logLineRenderer(options: { readonly timestamps: boolean; readonly instances?: boolean }) {
  const colors = new Map<string, (text: string) => string>();
  return (line: LogLine, { style }: View): string => {
    const palette = [style.cyan, style.yellow, style.green, style.magenta, style.blue];
    if (!colors.has(line.instance)) colors.set(line.instance, palette[colors.size % palette.length] ?? style.cyan);
    const paint = colors.get(line.instance) ?? style.cyan;
    const time = options.timestamps ? `${style.dim(line.time)} ` : "";
    const instance = options.instances || colors.size > 1 ? `${paint(line.instance)} | ` : "";
    return `${time}${instance}${paintLevel(line, style)}`;
  };
}

function paintLevel({ level, message }: LogLine, style: Style): string {
  if (level === "error") return style.red(message);
  return level === "warn" ? style.yellow(message) : message;
}
