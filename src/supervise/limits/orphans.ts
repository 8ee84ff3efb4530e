import { hostVariables } from "../../api/index.ts";
import { type ProcessScan, type ProcessStat, readEnvironment } from "../../system/index.ts";

/**
 * Finds out whose orphans there are: processes whose parents ended, which now belong to the guardian or the kernel. Their
 * environment tells, which is read once for each.
 */
export class Orphans {
  /** pid → start time and the instance whose environment it has. */
  #known = new Map<number, { readonly startTime: number; readonly instance: string | undefined }>();

  /** The orphans' pids by instance. `roots` are nobody's orphans. */
  in(scan: ProcessScan, parents: readonly number[], roots: ReadonlySet<number>): ReadonlyMap<string, number[]> {
    const before = this.#known;
    this.#known = new Map();
    const found = new Map<string, number[]>();
    for (const pid of new Set(parents.flatMap((parent) => scan.childrenOf(parent)))) {
      const stat = scan.get(pid);
      if (stat === undefined || roots.has(pid) || pid === process.pid || parents.includes(pid)) continue;
      const known = before.get(pid);
      const entry =
        known?.startTime === stat.startTime ? known : { startTime: stat.startTime, instance: ownerOf(stat) };
      this.#known.set(pid, entry);
      if (entry.instance === undefined) continue;
      found.set(entry.instance, [...(found.get(entry.instance) ?? []), pid]);
    }
    return found;
  }
}

function ownerOf({ pid }: ProcessStat): string | undefined {
  return readEnvironment(pid)?.get(hostVariables.instance);
}
