import type { WhyDocument } from "../../api/index.ts";
import type { View } from "../view.ts";
import { relativeTime } from "./relative-time.ts";

/** What happened, and under it, line by line, what caused the line above. */
export function renderWhy({ service, what, message, chain }: WhyDocument, { style, now }: View): string {
  if (what === null) return message;
  const times = chain.map(({ time }) => relativeTime(time, now));
  const width = Math.max(...times.map((time) => time.length));
  const lines = chain.map(({ message: said }, index) => {
    const because = index === 0 ? "" : `${"  ".repeat(index - 1)}${style.dim("└ because")} `;
    return `  ${style.dim((times[index] ?? "").padStart(width))}  ${because}${said}`;
  });
  return [message.replace(service, style.bold(service)), ...lines].join("\n");
}
