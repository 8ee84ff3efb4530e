import { median, tidy } from "./statistics.ts";

/** One measured figure, as `bin/bench --json` prints it. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  /** Solo's figure: the median over the runs, unless the name says otherwise. */
  readonly solo: number;
  /** What Solo is compared with: another program's figure, or the one asked for (`peer_name` is then `asked for`). */
  readonly peer: number | null;
  readonly peer_name: string | null;
  /** How many times better Solo is: the median over paired runs. Above 1 is ahead. */
  readonly ratio: number | null;
  /** The least ratio that is asked for; null for a figure that only informs. */
  readonly wanted: number | null;
  readonly runs: number;
}

export interface Measure {
  readonly name: string;
  readonly unit: string;
  readonly better: Row["better"];
}

/** Solo beside another program. The two lists hold the figures of runs in pairs, made one right after the other. */
export function peerRow(
  measure: Measure,
  solo: readonly number[],
  peer: { readonly name: string; readonly values: readonly number[]; readonly wanted?: number },
): Row {
  const ratios = solo.map((value, index) => ratioOf(measure, value, peer.values[index] ?? Number.NaN));
  return {
    ...measure,
    solo: tidy(median(solo)),
    peer: tidy(median(peer.values)),
    peer_name: peer.name,
    ratio: tidy(median(ratios)),
    wanted: peer.wanted ?? null,
    runs: solo.length,
  };
}

/** Solo beside the figure that is asked of it. */
export function askedRow(measure: Measure, solo: number, asked: number, runs: number): Row {
  const ratio = tidy(ratioOf(measure, solo, asked));
  return { ...measure, solo: tidy(solo), peer: asked, peer_name: "asked for", ratio, wanted: 1, runs };
}

/** A figure with nothing beside it. */
export function plainRow(measure: Measure, solo: number, runs: number): Row {
  return { ...measure, solo: tidy(solo), peer: null, peer_name: null, ratio: null, wanted: null, runs };
}

/** Whether a row reaches what is asked for. */
export function isMet({ ratio, wanted }: Row): boolean {
  return wanted === null || (ratio !== null && ratio >= wanted);
}

function ratioOf({ better }: Measure, solo: number, other: number): number {
  return better === "higher" ? solo / other : other / solo;
}
