import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine.ts";
import type { Row } from "./row.ts";
import { markdownTable } from "./table.ts";

export interface Result {
  readonly bench: string;
  readonly summary: string;
  readonly machine: Machine;
  readonly rows: readonly Row[];
}

const path = join(import.meta.dir, "../../../docs/benchmarks.md");

/** Puts results into docs/benchmarks.md, each between two marks of its own; what is written around them stays. */
export function writeDocument(results: readonly Result[]): void {
  let text = readFileSync(path, "utf8");
  for (const result of results) text = replaced(text, result);
  writeFileSync(path, text);
}

function replaced(text: string, { bench, summary, machine, rows }: Result): string {
  const begin = `<!-- bench:${bench} -->`;
  const end = `<!-- /bench:${bench} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no place for ${bench}: add ${begin} and ${end}`);
  const where = `${machine.cores} × ${machine.cpu}, ${machine.memory_gb} GB, ${machine.system}`;
  const when = `${machine.date.slice(0, 10)}, load before it ${machine.load}; Solo ${machine.solo}`;
  const body = `${summary}\n\n${markdownTable(rows)}\n\n_${where}. ${when}._`;
  return `${text.slice(0, from)}${begin}\n${body}\n${text.slice(to)}`;
}
