import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../system/index.ts";

/** How the last kernel under a guardian ended, as the guardian saw it. */
export interface KernelEndRecord {
  readonly pid: number;
  readonly exit_code: number | null;
  readonly signal: string | null;
  /** RFC 3339. */
  readonly time: string;
}

const fileName = "kernel-end.json";

/** Never throws: on a full disk the next kernel does not know why. */
export function writeKernelEnd(runDir: string, record: KernelEndRecord): void {
  try {
    writeFileAtomic(join(runDir, fileName), JSON.stringify(record));
  } catch {
    // Nothing better is left to do.
  }
}

export function readKernelEnd(runDir: string): KernelEndRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(runDir, fileName), "utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Checked by hand: the guardian loads no validator. */
function isRecord(value: unknown): value is KernelEndRecord {
  if (typeof value !== "object" || value === null) return false;
  const { pid, exit_code, signal, time } = { pid: null, exit_code: null, signal: null, time: null, ...value };
  return (
    typeof pid === "number" &&
    typeof time === "string" &&
    (exit_code === null || typeof exit_code === "number") &&
    (signal === null || typeof signal === "string")
  );
}
