import type { RecoveryReport } from "../checkpoint/recover.ts";
import { type FileSystem, nodeFileSystem } from "../file/index.ts";
import { KeyValueStore } from "../key-value/index.ts";
import { inspectStore } from "./inspect-store.ts";
import { memoryFor } from "./memory-for.ts";
import { viewOf } from "./view-files.ts";

/** What repairing a store did, or would do. */
export interface StoreRepair {
  readonly recovery: RecoveryReport;
  /** Where the log ends then, in bytes. */
  readonly end: number;
}

export interface RepairStoreOptions {
  readonly files?: FileSystem;
  /** Tell what would be done, and do nothing. */
  readonly dryRun?: boolean;
}

/**
 * Opens a store at rest at the newest state that is whole, as opening with `repair` does.
 * @throws `locked` when somebody has it open, `corrupt` when there is nothing to go back to, `not_found`
 */
export async function repairStore(
  folder: string,
  { files = nodeFileSystem, dryRun = false }: RepairStoreOptions = {},
): Promise<StoreRepair> {
  const store = await KeyValueStore.open(folder, {
    files: dryRun ? viewOf(files) : files,
    create: false,
    repair: true,
    memoryBytes: memoryFor(await inspectStore(folder, { files })),
  });
  const { recovery } = store;
  const { tail } = store.stats();
  await store.close();
  return { recovery, end: tail };
}
