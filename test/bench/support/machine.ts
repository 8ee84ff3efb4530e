import { cpus, loadavg, release, totalmem } from "node:os";
import { $ } from "bun";

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gb: number;
  readonly system: string;
  /** Of the binary that was measured. */
  readonly solo: string;
  readonly date: string;
  /** Average number of processes that wanted to run in the minute before: above 0.5, others were at work too. */
  readonly load: number;
}

export async function describeMachine(binary: string): Promise<Machine> {
  const [cpu] = cpus();
  const { version, commit, runtime } = await $`${binary} version --json`.json();
  return {
    cpu: cpu?.model.trim() ?? "unknown",
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 1e9),
    system: `Linux ${release()} ${process.arch}`,
    solo: `${version} (${commit}), ${runtime}`,
    date: new Date().toISOString(),
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}
