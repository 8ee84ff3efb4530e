import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { OperationName, ServiceRef } from "../../api/index.ts";
import type { Recorders } from "../../security/learning/index.ts";
import { writeFileAtomic } from "../../system/index.ts";

const usesSchema = z.object({
  /** Methods of other services, as `SERVICE.METHOD`. */
  calls: z.array(z.string()),
  operations: z.array(z.string()),
  state: z.boolean(),
});
type ServiceUsesRecord = z.infer<typeof usesSchema>;

/** So many different ones are kept of each list. */
const most = 1_000;

/** What services in audit mode ask of the kernel. Its records lie beside those of files and ports, which are others' to write. */
export class ServiceUses {
  readonly #recorders: Recorders;
  readonly #known = new Map<string, ServiceUsesRecord>();

  constructor(recorders: Recorders) {
    this.#recorders = recorders;
  }

  called(ref: ServiceRef, instance: string, to: ServiceRef, method: string): void {
    if (to.name !== ref.name) this.#note(ref, instance, (uses) => add(uses.calls, `${to.name}.${method}`));
  }

  /** By the instance's own token. */
  operated(ref: ServiceRef, instance: string, operation: OperationName): void {
    this.#note(ref, instance, (uses) => add(uses.operations, operation));
  }

  usedState(ref: ServiceRef, instance: string): void {
    this.#note(ref, instance, (uses) => {
      const isNews = !uses.state;
      uses.state = true;
      return isNews;
    });
  }

  of(ref: ServiceRef, revision: string): ServiceUsesRecord {
    return this.#at(this.#pathOf(ref, revision));
  }

  /** Undefined for nearly all instances, and found out at no cost. */
  #note(ref: ServiceRef, instance: string, change: (uses: ServiceUsesRecord) => boolean): void {
    const revision = this.#recorders.revisionOf(instance);
    if (revision === undefined) return;
    const path = this.#pathOf(ref, revision);
    const uses = this.#at(path);
    this.#known.set(path, uses);
    if (!change(uses)) return;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileAtomic(path, JSON.stringify(uses));
    } catch {
      // Known to this kernel all the same, and kept with whatever is next.
    }
  }

  #at(path: string): ServiceUsesRecord {
    const none: ServiceUsesRecord = { calls: [], operations: [], state: false };
    if (!existsSync(path)) return none;
    return this.#known.get(path) ?? read(path) ?? none;
  }

  #pathOf(ref: ServiceRef, revision: string): string {
    return join(this.#recorders.folderOf(ref), `${revision}.api`);
  }
}

function add(list: string[], value: string): boolean {
  if (list.length >= most || list.includes(value)) return false;
  list.push(value);
  list.sort();
  return true;
}

function read(path: string): ServiceUsesRecord | undefined {
  try {
    return usesSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
