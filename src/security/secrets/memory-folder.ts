import { accessSync, constants, statfsSync } from "node:fs";
import { join } from "node:path";

/** File systems without a disk under them (`statfs(2)`): tmpfs and ramfs. */
const inMemory: ReadonlySet<number> = new Set([0x01_02_19_94, 0x85_84_58_f6]);

export interface DeliveryPlaces {
  /** Where secrets are delivered from now on. */
  readonly folder: string;
  readonly inMemory: boolean;
  /** Where an earlier kernel, with another environment, may have. */
  readonly all: readonly string[];
}

/**
 * Where the secrets of running instances lie: in memory where this machine has a file system there that the user can
 * write to, else beside the data.
 */
export function deliveryPlaces(
  dataDir: string,
  runFolder: string,
  env: Readonly<Record<string, string | undefined>>,
): DeliveryPlaces {
  const name = `solo-${process.getuid?.() ?? 0}-${Bun.hash.xxHash3(dataDir).toString(16)}`;
  const session = env.XDG_RUNTIME_DIR;
  const memory = ["/dev/shm", ...(session?.startsWith("/") ? [session] : [])].filter(isWritableMemory);
  const folders = memory.map((folder) => join(folder, name));
  const beside = join(runFolder, "secrets");
  return { folder: folders[0] ?? beside, inMemory: folders.length > 0, all: [...folders, beside] };
}

function isWritableMemory(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return inMemory.has(statfsSync(folder).type);
  } catch {
    return false;
  }
}
