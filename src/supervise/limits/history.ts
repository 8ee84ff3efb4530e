/** What an instance used at a moment. */
export interface UsageSample {
  /** Wall time in milliseconds. */
  readonly time: number;
  readonly memoryBytes: number;
  /** Of one core, over the second before. */
  readonly cpuCores: number;
  readonly processes: number;
  /** Null where nobody limits it: counting costs a look at every process. */
  readonly files: number | null;
  /** In work. */
  readonly calls: number;
}

/** So many samples are kept: a minute's worth. */
const kept = 60;

/** The latest samples of an instance, oldest first. */
export class UsageHistory {
  readonly #samples: UsageSample[] = [];
  #next = 0;
  /** In order; undefined until somebody asks again. */
  #all: readonly UsageSample[] | undefined;

  add(sample: UsageSample): void {
    this.#all = undefined;
    this.#samples[this.#next] = sample;
    this.#next = (this.#next + 1) % kept;
  }

  /** The same array for as long as there is no further sample. */
  all(): readonly UsageSample[] {
    this.#all ??= [...this.#samples.slice(this.#next), ...this.#samples.slice(0, this.#next)];
    return this.#all;
  }
}
