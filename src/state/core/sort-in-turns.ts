import type { Turns } from "./turns.ts";

/** What is sorted at once: a millisecond or two. */
const runLength = 4_096;

/** Texts in the order of their UTF-16 units, with turns of the event loop in between: a merge sort. */
export async function sortInTurns(texts: Iterable<string>, turns: Turns): Promise<readonly string[]> {
  let runs: string[][] = [];
  let run: string[] = [];
  for (const text of texts) {
    run.push(text);
    if (run.length < runLength) continue;
    runs.push(run.sort());
    run = [];
    await turns.next();
  }
  runs.push(run.sort());
  while (runs.length > 1) {
    const merged: string[][] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], turns));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(left: string[], right: readonly string[], turns: Turns): Promise<string[]> {
  if (right.length === 0) return left;
  const merged: string[] = [];
  let rest = 0;
  for (const text of left) {
    for (let other = right[rest]; other !== undefined && other < text; other = right[++rest]) {
      merged.push(other);
      if (turns.isDue()) await turns.next();
    }
    merged.push(text);
    if (turns.isDue()) await turns.next();
  }
  for (; rest < right.length; rest++) merged.push(right[rest] ?? "");
  return merged;
}
