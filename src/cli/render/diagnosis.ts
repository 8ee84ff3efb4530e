import type { Diagnosis, Finding } from "../doctor/index.ts";
import type { Style } from "../style.ts";
import type { View } from "../view.ts";

export function renderDiagnosis({ findings }: Diagnosis, { style }: View): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings
    .map((finding) => {
      const line = `${mark(finding.status, style)}  ${finding.name.padEnd(width)}  ${finding.message}`;
      return finding.hint === null
        ? line
        : `${line}\n${" ".repeat(markWidth + 2)}${style.cyan("hint:")} ${finding.hint}`;
    })
    .join("\n");
}

function mark(status: Finding["status"], style: Style): string {
  const text = status.padEnd(markWidth);
  if (status === "ok") return style.green(text);
  if (status === "info") return style.dim(text);
  return status === "warning" ? style.yellow(text) : style.red(text);
}

const markWidth = "warning".length;
