import { availableParallelism } from "node:os";
import { isProgram } from "../api/index.ts";
import { type Clock, clockTicksPerSecond, descendantsOf, readMemory, readStat } from "../system/index.ts";
import type { Instance } from "./instance.ts";

export interface Usage {
  readonly rssBytes: number;
  /** Share of one core in percent, over the stretch between the last two samples. */
  readonly cpuPercent: number;
}

const noUsage: Usage = { rssBytes: 0, cpuPercent: 0 };

/** Every instance is sampled once in this time … */
const roundMs = 5_000;
/** … in slices, so that thousands of instances don't stall the kernel at once. */
const sliceMs = 500;
/** One sample costs some 40 µs: beyond 500 instances a round takes longer instead of more of the kernel. */
const mostPerSlice = 50;

/** All cores at once. Asked for once, since the answer is read from files. */
const mostPercent = availableParallelism() * 100;

interface Sample {
  readonly pid: number;
  readonly time: number;
  readonly cpuMs: number;
  readonly usage: Usage;
}

/** Samples memory and CPU of every instance's process and its children, at a cost that stays flat per instance. */
export class UsageSampler {
  readonly #clock: Clock;
  readonly #instances: () => Iterable<Instance>;
  readonly #samples = new Map<string, Sample>();
  readonly #timer: ReturnType<typeof setInterval>;
  #round: Instance[] = [];

  constructor(clock: Clock, instances: () => Iterable<Instance>) {
    this.#clock = clock;
    this.#instances = instances;
    this.#timer = setInterval(() => this.#slice(), sliceMs);
    this.#timer.unref();
  }

  /** The latest figures; an instance that was never sampled is sampled now. */
  of(instance: Instance): Usage {
    if (instance.pid === null) return noUsage;
    const sample = this.#samples.get(instance.id);
    return sample?.pid === instance.pid ? sample.usage : this.#sample(instance);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #slice(): void {
    if (this.#round.length === 0) {
      this.#round = [...this.#instances()];
      const known = new Set(this.#round.map(({ id }) => id));
      for (const id of this.#samples.keys()) if (!known.has(id)) this.#samples.delete(id);
    }
    const share = Math.min(Math.ceil((this.#samples.size + 1) / (roundMs / sliceMs)), mostPerSlice);
    for (const instance of this.#round.splice(0, share)) this.#sample(instance);
  }

  #sample(instance: Instance): Usage {
    if (instance.pid === null) return noUsage;
    const now = this.#clock.monotonic();
    const { rssBytes, cpuMs } = consumption(instance.pid, isProgram(instance.plan.spec.kind));
    const last = this.#samples.get(instance.id);
    const elapsed = last?.pid === instance.pid ? now - last.time : 0;
    const share = last === undefined || elapsed <= 0 ? 0 : ((cpuMs - last.cpuMs) / elapsed) * 100;
    const cpuPercent = Math.round(Math.min(Math.max(share, 0), mostPercent) * 10) / 10;
    const usage = { rssBytes, cpuPercent };
    this.#samples.set(instance.id, { pid: instance.pid, time: now, cpuMs, usage });
    return usage;
  }
}

/** A hosted service is measured by its own process; a command together with its children, as it may be a mere wrapper. */
function consumption(pid: number, withChildren: boolean): { rssBytes: number; cpuMs: number } {
  const total = { rssBytes: 0, cpuMs: 0 };
  for (const member of withChildren ? [pid, ...descendantsOf(pid)] : [pid]) {
    const stat = readStat(member);
    if (stat === undefined) continue;
    total.rssBytes += readMemory(member)?.rssBytes ?? 0;
    total.cpuMs += ((stat.utimeTicks + stat.stimeTicks) * 1_000) / clockTicksPerSecond;
  }
  return total;
}
