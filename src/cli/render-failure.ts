import type { SoloError } from "../api/index.ts";
import { styleFor } from "./style.ts";

/** An error in words: what went wrong and where, what the source and the log say, what to do next. A bug shows its stack. */
export async function renderFailure(error: SoloError): Promise<string> {
  const style = await styleFor(process.stderr);
  const lines = [`${style.red("error:")} ${error.message}`];
  const frame = error.details?.frame;
  if (typeof frame === "string" && frame !== "") lines.push("", indent(frame));
  const logs = error.details?.logs;
  if (Array.isArray(logs) && logs.length > 0) {
    lines.push("", style.dim("last log lines:"), ...logs.map((line) => indent(String(line))));
  }
  if (error.code === "internal" && error.cause instanceof Error && error.cause.stack) {
    lines.push("", indent(error.cause.stack));
  }
  if (error.hint !== null) lines.push(...(lines.length > 1 ? [""] : []), `${style.cyan("hint:")} ${error.hint}`);
  if (error.applied === "unknown" && error.code !== "internal") {
    lines.push(style.dim("whether the change was made is not known"));
  }
  return `${lines.join("\n")}\n`;
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
