import type { ServiceRef } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { noteSweepFailure } from "../sweep/sweep.ts";
import { foldersOf, free, leftBeside, setAside } from "./folders.ts";

/**
 * In kernel.db: services that are no more, and whose folders may still be there. Kept in the same transaction that removes the
 * service, so that a kernel that dies after it has its successor go on.
 */
const prefix = "removing:";

export function mark(kernel: Kernel, { tenant, name }: ServiceRef): void {
  kernel.parts.database.meta.set(`${prefix}${tenant}/${name}`, "");
}

/**
 * Ends what a former kernel had begun to remove, before any service is started.
 * @returns once nothing of it is in anybody's way; its bytes are freed behind the start's back
 */
export async function finishRemovals(kernel: Kernel): Promise<void> {
  const { meta, services } = kernel.parts.database;
  try {
    for (const key of meta.keys(prefix)) {
      const [tenant = "", name = ""] = key.slice(prefix.length).split("/");
      const ref = { tenant, name };
      const folders = foldersOf(kernel, ref);
      // Of one that was deployed again, what is there is its own.
      if (services.get(ref) === undefined) await setAside(folders);
      void finish(kernel, ref, leftBeside(folders));
    }
  } catch (error) {
    noteSweepFailure(kernel, error);
  }
}

/** Frees what was set aside. What can't be freed now is left to the next kernel. */
export async function finish(kernel: Kernel, ref: ServiceRef, aside: readonly string[]): Promise<void> {
  try {
    await free(aside);
    kernel.parts.database.meta.remove(`${prefix}${ref.tenant}/${ref.name}`);
  } catch (error) {
    noteSweepFailure(kernel, error);
  }
}
