import { constants } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../system/index.ts";
import { openState } from "./core/open.ts";
import type { ServiceState } from "./core/types.ts";

/** A state opened for reading while no kernel has it. */
export interface StateAtRest {
  readonly state: ServiceState;
  /** Removes the copy. */
  close(): Promise<void>;
}

/**
 * Opens a copy of a state's files, so that not a byte of them changes: opening itself repairs what a crash left. The copy
 * shares its blocks with them where the file system can. A state that was never used is empty.
 * @throws SoloError as `openState` does
 */
export async function openStateAtRest(folder: string, clock: Clock): Promise<StateAtRest> {
  const copy = await mkdtemp(join(tmpdir(), "solo-state-"));
  const remove = () => rm(copy, { recursive: true, force: true });
  try {
    await copyIfThere(folder, copy);
    const state = await openState(copy, { clock });
    return { state, close: () => state.close().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The table first: what it has must be in the log as well, should somebody write meanwhile. */
async function copyIfThere(folder: string, copy: string): Promise<void> {
  for (const part of ["table", "wal"]) {
    try {
      await cp(join(folder, part), join(copy, part), { recursive: true, mode: constants.COPYFILE_FICLONE });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
}
