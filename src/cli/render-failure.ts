import type { SoloError } from "../api/index.ts";
import { styleFor } from "./style.ts";

/** An error in words: what went wrong and where, what the source and the log say, what to do next. A bug shows its stack. */
export async function renderFailure(error: SoloError): Promise<string> {
  const style = await styleFor(process.stderr);
  const lines = [`${style.red("error:")} ${error.message}`];
  const frame = error.details?.frame;
  if (typeof frame === "string" && frame !== "") lines.push("", indent(frame));
  const logs = Array.isArray(error.details?.logs) ? error.details.logs.map(String) : [];
  const told = lastWords(logs, typeof frame === "string" ? frame : "");
  if (told.length > 0) lines.push("", style.dim("last log lines:"), ...told.map(indent));
  if (error.code === "internal" && error.cause instanceof Error && error.cause.stack) {
    lines.push("", indent(error.cause.stack));
  }
  if (error.hint !== null) lines.push(...(lines.length > 1 ? [""] : []), `${style.cyan("hint:")} ${error.hint}`);
  if (error.applied === "unknown" && error.code !== "internal") {
    lines.push(style.dim("whether the change was made is not known"));
  }
  return `${lines.join("\n")}\n`;
}

/** Log lines without the code frame that is shown already, and without empty lines around them. */
function lastWords(logs: readonly string[], frame: string): string[] {
  const lines = logs.map((line) => line.trimEnd());
  const shown = frame.split("\n").map((line) => line.trimEnd());
  const at = lines.findIndex((_, start) => shown.every((line, index) => lines[start + index] === line));
  if (frame !== "" && at >= 0) lines.splice(at, shown.length);
  const first = lines.findIndex((line) => line !== "");
  return first === -1 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== "") + 1);
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n");
}
