import type { ErrorDocument } from "../../../api/error.ts";

/** What the kernel asks its builder process for. */
export interface BuildJob {
  readonly kind: "source" | "wasm";
  /** Absolute path of the module, the folder, or the WebAssembly module. */
  readonly path: string;
  readonly artifactsFolder: string;
  /** The folder in it that becomes the artifact's, if that is made already. */
  readonly unfinished?: string | undefined;
  /** Files and folders, of which all that is bundled must be; nothing of it runs while it is. Absent: no matter. */
  readonly within?: readonly string[] | undefined;
}

export interface BuildRequest {
  readonly id: number;
  readonly job: BuildJob;
}

/** What it gets back. */
export interface BuildOutput {
  readonly digest: string;
  readonly entry: string;
  readonly mentionsPort: boolean;
  readonly cached: boolean;
}

/** A complaint of the bundler about a place in the sources. Lines and columns count from 1. */
export interface BuildProblem {
  readonly message: string;
  readonly file: string | null;
  readonly line: number;
  readonly column: number;
  /** Length of the offending text. */
  readonly length: number;
  /** The import that could not be found, if that is the complaint. */
  readonly specifier: string | null;
}

export type BuildAnswer =
  | { readonly id: number; readonly output: BuildOutput }
  | { readonly id: number; readonly problems: readonly BuildProblem[] }
  | { readonly id: number; readonly error: ErrorDocument };
