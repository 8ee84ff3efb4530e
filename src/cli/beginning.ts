import { integer, string } from "@oclif/core/flags";
import { parseMoment } from "./moment.ts";

/** Flags that say where a stream of lines or events begins. */
export function beginningFlags(what: "lines" | "events" | "records") {
  return {
    tail: integer({ char: "n", description: `Only the last ${what}`, min: 0, helpValue: "COUNT" }),
    since: string({ description: `Only ${what} since then: 10m, 2h, or a time`, helpValue: "TIME" }),
    "since-cursor": string({
      description: `Only ${what} after the one with this cursor, as --json shows it`,
      helpValue: "CURSOR",
    }),
  };
}

interface BeginningFlags {
  readonly tail?: number | undefined;
  readonly since?: string | undefined;
  readonly "since-cursor"?: string | undefined;
}

/** Where a followed stream goes on with another kernel. */
export interface Resumption {
  /** Of the last element shown; undefined when there was none. */
  readonly cursor: string | undefined;
  /** When following began, in RFC 3339. */
  readonly began: string;
}

/** The same in the words of the API. */
export function beginningOf(flags: BeginningFlags, resumption?: Resumption) {
  if (resumption?.cursor !== undefined) return { since_cursor: resumption.cursor };
  const { tail, since, "since-cursor": cursor } = flags;
  // There was nothing to show the last of, so everything since then is new.
  if (resumption !== undefined && tail !== undefined) return { since: resumption.began };
  return {
    ...(tail !== undefined && { tail }),
    ...(since !== undefined && { since: parseMoment(since, "--since") }),
    ...(cursor !== undefined && { since_cursor: cursor }),
  };
}
