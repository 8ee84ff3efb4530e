import { isMet, type Row } from "./row.ts";

const head = ["", "Solo", "beside", "", "ratio", "asked", ""];

/** The rows as lines of cells: what, Solo's figure, the peer's, its name, how many times better, what was asked, whether met. */
function cells(rows: readonly Row[]): string[][] {
  return rows.map((row) => [
    `${row.name} (${row.unit})`,
    figure(row.solo),
    row.peer === null ? "" : figure(row.peer),
    row.peer_name ?? "",
    row.ratio === null ? "" : `${figure(row.ratio)}×`,
    row.wanted === null ? "" : `≥ ${row.wanted}×`,
    row.wanted === null ? "" : isMet(row) ? "yes" : "NO",
  ]);
}

export function plainTable(rows: readonly Row[]): string {
  const lines = [head, ...cells(rows)];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join("  "),
    )
    .map((line) => line.trimEnd())
    .join("\n");
}

export function markdownTable(rows: readonly Row[]): string {
  const title = ["figure", "Solo", "beside", "what", "Solo is better by", "asked for", "reached"];
  const rule = title.map((_, column) => (isNumber(column) ? "--:" : "---"));
  return [title, rule, ...cells(rows)].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

function isNumber(column: number): boolean {
  return column === 1 || column === 2 || column === 4 || column === 5;
}

function figure(value: number): string {
  return Math.abs(value) >= 1_000 ? value.toLocaleString("en-US") : String(value);
}
