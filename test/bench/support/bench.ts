import type { Peer } from "./peers.ts";
import type { Row } from "./row.ts";

export interface BenchOptions {
  /** Fewer runs and smaller loads: for a look, not for a claim. */
  readonly quick: boolean;
  /** Tells what is being done, for who waits. */
  readonly note: (text: string) => void;
}

/** Something that is measured. It leaves no process and no file behind, however it ends. */
export interface Bench {
  readonly name: string;
  /** What is measured, and how, in one or two sentences. */
  readonly summary: string;
  /** The programs that it needs beside Solo. */
  readonly peers: readonly Peer[];
  readonly run: (options: BenchOptions) => Promise<readonly Row[]>;
}
