import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../system/index.ts";
import { openState } from "../core/open.ts";
import type { StateSource } from "../core/types.ts";
import { type Swap, swapFolders } from "./folders/index.ts";
import { newCheckpointId } from "./info.ts";

/** What a state's log and table lie in. */
const parts = ["wal", "table"] as const;
/** The state that takes the place of the damaged one, until it does. */
const draftName = "renewed";

export interface Renewal {
  /** Of the state. */
  readonly folder: string;
  readonly clock: Clock;
  readonly source: StateSource;
  readonly origin: string;
  /** No position up to this one is used again. */
  readonly startAfter: number;
  /** What else takes its place at the same moment. */
  readonly swaps: readonly Swap[];
}

export interface Renewed {
  /** Of the entry that the new state begins with. */
  readonly position: number;
  /** Where the files are that there were. */
  readonly setAside: string;
}

/**
 * Puts a new state in the place of one whose files can't be read. It is made whole beside them first; nothing of the old one
 * is deleted. Whoever dies on the way leaves one or the other. Nobody may have the state open.
 */
export async function renewState({ folder, clock, source, origin, startAfter, swaps }: Renewal): Promise<Renewed> {
  const draft = join(folder, draftName);
  await rm(draft, { recursive: true, force: true });
  try {
    const state = await openState(draft, { clock, startAfter });
    const { position } = await state.reset(source, origin).finally(() => state.close());
    const setAside = join(folder, `damaged-${newCheckpointId(clock.now())}`);
    await mkdir(setAside);
    const own = parts.map(
      (part): Swap => ({
        folder: join(folder, part),
        next: join(draft, part),
        before: join(setAside, part),
        keep: true,
      }),
    );
    await swapFolders(folder, [...own, ...swaps]);
    return { position, setAside };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
