/** What an instance uses. */
export interface UsageLevel {
  readonly memoryBytes: number;
  /** Of one core, over the second before. */
  readonly cpuCores: number;
  readonly processes: number;
  /** Null where nobody limits it: counting costs a look at every process. */
  readonly files: number | null;
  /** In work. */
  readonly calls: number;
}

/** What an instance used at a moment. */
export interface UsageSample extends UsageLevel {
  /** Wall time in milliseconds. */
  readonly time: number;
}

/** So many samples are kept: a minute's worth. */
const kept = 60;

/** The latest samples of an instance, oldest first. Thousands that do nothing keep one level each, and not sixty samples. */
export class UsageHistory {
  readonly #times = new Float64Array(kept);
  readonly #levels: UsageLevel[] = [];
  /** Those that somebody has asked for. */
  readonly #samples: (UsageSample | undefined)[] = [];
  #next = 0;
  /** In order; undefined until somebody asks again. */
  #all: readonly UsageSample[] | undefined;

  /** @param level the same object as before for as long as nothing changes */
  add(time: number, level: UsageLevel): void {
    this.#all = undefined;
    this.#times[this.#next] = time;
    this.#levels[this.#next] = level;
    this.#samples[this.#next] = undefined;
    this.#next = (this.#next + 1) % kept;
  }

  /** The same array for as long as there is no further sample. */
  all(): readonly UsageSample[] {
    this.#all ??= this.#levels.map((_, index) => this.#sampleAt((this.#next + index) % this.#levels.length));
    return this.#all;
  }

  #sampleAt(index: number): UsageSample {
    const sample = this.#samples[index] ?? { time: this.#times[index] ?? 0, ...(this.#levels[index] ?? nothing) };
    this.#samples[index] = sample;
    return sample;
  }
}

const nothing: UsageLevel = { memoryBytes: 0, cpuCores: 0, processes: 0, files: null, calls: 0 };
