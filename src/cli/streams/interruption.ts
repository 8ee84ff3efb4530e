import { Interrupted } from "./interrupted.ts";

export interface Interruption {
  readonly signal: AbortSignal;
  /** Throws {@link Interrupted} if the command was interrupted meanwhile. */
  check(): void;
}

/** Aborts at the first Ctrl-C or SIGTERM, so that a command can leave in order; a second one ends the process at once. */
export function onInterruption(): Interruption {
  const controller = new AbortController();
  let first: Interrupted | undefined;
  const handle = (name: "SIGINT" | "SIGTERM") => {
    if (first) process.exit(first.exit);
    first = new Interrupted(name);
    controller.abort(first);
  };
  process.on("SIGINT", () => handle("SIGINT"));
  process.on("SIGTERM", () => handle("SIGTERM"));
  return {
    signal: controller.signal,
    check: () => {
      if (first) throw first;
    },
  };
}
