import { version } from "../../package.json";

/** Set by `bin/build.ts`; absent in development. */
declare const SOLO_COMMIT: string | undefined;

/** Which build this is. `id` differs between any two builds whose documents might differ. */
export interface BuildInfo {
  readonly version: string;
  readonly commit: string;
  readonly id: string;
}

export const build: BuildInfo = describe(typeof SOLO_COMMIT === "undefined" ? "development" : SOLO_COMMIT);

function describe(commit: string): BuildInfo {
  return { version, commit, id: `${version}+${commit}` };
}
