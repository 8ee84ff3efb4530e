import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bootId, type ProcessIdentity } from "./proc.ts";
import type { ProcessExit } from "./reap.ts";

/** How many exit records are kept. More are left only by programs that orphan short-lived processes, which nobody asks for. */
const maxRecords = 4_096;
const keptAfterSweep = 3_072;
const pollMs = 5;

/** Writes down how orphans ended, one small file each, for a kernel that did not start them. Never throws. */
export class ExitRecorder {
  readonly #folder: string;
  #count: number;

  constructor(folder: string) {
    this.#folder = folder;
    this.#count = this.#prepare();
  }

  /** False when the record could not be written (a full disk): the exit then counts as unknown. */
  record(exit: ProcessExit): boolean {
    const path = pathOf(this.#folder, exit);
    try {
      if (++this.#count > maxRecords) this.#count = sweep(this.#folder);
      // Renamed into place, so that a reader never sees half of it. It need not survive the machine: nor does the pid.
      writeFileSync(`${path}.tmp`, JSON.stringify({ ...exit, time: new Date().toISOString(), boot_id: bootId() }), {
        mode: 0o600,
      });
      renameSync(`${path}.tmp`, path);
      return true;
    } catch {
      return false;
    }
  }

  #prepare(): number {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      return sweep(this.#folder);
    } catch {
      return 0;
    }
  }
}

/**
 * How a process ended that someone else reaped, waiting up to `waitMs` for the record of it; `undefined` when there is
 * none. A record is consumed by reading it.
 */
export async function readExit(
  folder: string,
  identity: ProcessIdentity,
  waitMs: number,
): Promise<Pick<ProcessExit, "exit_code" | "signal"> | undefined> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const exit = takeRecord(pathOf(folder, identity));
    if (exit !== undefined || performance.now() >= deadline) return exit;
    await Bun.sleep(pollMs);
  }
}

function pathOf(folder: string, { pid, startTime }: ProcessIdentity): string {
  return join(folder, `${pid}-${startTime}`);
}

function takeRecord(path: string): Pick<ProcessExit, "exit_code" | "signal"> | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(path, "utf8"));
    rmSync(path, { force: true });
    if (typeof record !== "object" || record === null) return undefined;
    // Start times count from the boot, so a record of an earlier one may name the same pid and time by chance.
    if (!("boot_id" in record) || record.boot_id !== bootId()) return undefined;
    const code = "exit_code" in record && typeof record.exit_code === "number" ? record.exit_code : null;
    const signal = "signal" in record && typeof record.signal === "string" ? record.signal : null;
    return code === null && signal === null ? undefined : { exit_code: code, signal };
  } catch {
    return undefined;
  }
}

/** Removes the oldest records when there are too many. Answers with the number of those left. */
function sweep(folder: string): number {
  const names = readdirSync(folder);
  if (names.length <= maxRecords) return names.length;
  const byAge = names
    .map((name) => ({ name, time: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((one, other) => one.time - other.time);
  for (const { name } of byAge.slice(0, names.length - keptAfterSweep)) rmSync(join(folder, name), { force: true });
  return keptAfterSweep;
}
