import { ExitRecorder, reapOrphans, setSubreaper } from "../../system/index.ts";

/** How long a child that has ended is left to Bun, whose own helpers (probes, builds) can't be told from orphans otherwise. */
const graceMs = 50;

/**
 * Does the guardian's reaping in a kernel that has none: one in the foreground, or one whose guardian is gone. What its
 * services leave behind becomes this process's, is found there, and its exit is recorded in `exitsDir`. Answers with the
 * function that ends it.
 */
export function standInForGuardian(exitsDir: string): () => void {
  setSubreaper();
  const exits = new ExitRecorder(exitsDir);
  const end = reapOrphans({ isOwn: () => false, graceMs, onExit: (exit) => void exits.record(exit) });
  return () => {
    end();
    setSubreaper(false);
  };
}
