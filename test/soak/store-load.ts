import { join } from "node:path";
import { type DurableLog, KeyValueStore, openLog, StoreError, type StoreOptions } from "../../src/store/index.ts";
import { type Random, seededRandom } from "../support/random.ts";

const options: StoreOptions = {
  pageBytes: 65_536,
  segmentBytes: 1_048_576,
  memoryBytes: 4_194_304,
  readCacheBytes: 262_144,
  durability: "async",
  asyncWindowMs: 5,
  flush: { intervalMs: 50, ageMs: 500, pressurePercent: 85 },
};
const keys = 20_000;
const operationsPerCycle = 4_000;
/** Entries of the log that stay. */
const keptEntries = 5_000;

/** A mixed load, and the values that must be there. */
export class StoreLoad {
  operations = 0;
  dataBytes = 0;
  #cycles = 0;
  readonly #folder: string;
  readonly #random: Random;
  readonly #model = new Map<string, string>();
  #store: KeyValueStore;
  #log: DurableLog;

  private constructor(folder: string, seed: number, store: KeyValueStore, log: DurableLog) {
    this.#folder = folder;
    this.#random = seededRandom(seed);
    this.#store = store;
    this.#log = log;
  }

  static async open(folder: string, seed: number): Promise<StoreLoad> {
    const [store, log] = await openBoth(folder);
    return new StoreLoad(folder, seed, store, log);
  }

  /** Some thousand operations with a checkpoint under way, then a compaction when it is due, and now and then a restart. */
  async cycle(): Promise<void> {
    const method = (["snapshot", "delta", "fold-over"] as const)[this.#cycles % 3] ?? "snapshot";
    const checkpoint = this.#store.checkpoint({ method, parts: this.#cycles % 2 === 0 ? "full" : "log" });
    for (let count = 0; count < operationsPerCycle; count++) await this.#operate();
    await checkpoint;
    if (this.#store.stats().diskBytes > 3 * this.dataBytes + 4 * 1_048_576) await this.#store.compact();
    await this.#trimLog();
    if (++this.#cycles % 5 === 0) await this.#check();
    if (this.#cycles % 7 === 0) await this.#reopen();
  }

  async close(): Promise<void> {
    await this.#check();
    await this.#store.close();
    await this.#log.close();
  }

  async #operate(): Promise<void> {
    this.operations++;
    const dice = this.#random.below(100);
    const key = `key-${this.#random.below(keys)}`;
    const session = this.#store.session(`session-${this.#random.below(8)}`);
    if (dice < 35) await session.put(key, this.#set(key, this.#value()));
    else if (dice < 45) await session.update(key, (old) => new TextEncoder().encode(this.#set(key, longer(old))));
    else if (dice < 50) await this.#delete(key);
    else if (dice < 52) await session.put(key, this.#set(key, this.#value()), "sync");
    else if (dice < 56) await this.#batch();
    else if (dice < 92) await this.#expect(key);
    else await this.#append();
  }

  async #delete(key: string): Promise<void> {
    this.dataBytes -= sizeOf(key, this.#model.get(key));
    this.#model.delete(key);
    await this.#store.delete(key);
  }

  async #batch(): Promise<void> {
    const steps = Array.from({ length: 8 }, () => {
      const key = `key-${this.#random.below(keys)}`;
      return { put: key, value: this.#set(key, this.#value()) };
    });
    await this.#store.batch(steps);
  }

  async #append(): Promise<void> {
    const entry = Buffer.from(`${this.operations}:${"e".repeat(this.#random.below(300))}`);
    if (this.#random.below(10) === 0) await this.#log.appendDurably(entry);
    else this.#log.append(entry);
  }

  async #trimLog(): Promise<void> {
    await this.#log.commit();
    const { entries, begin, committed } = this.#log.stats();
    if (entries <= keptEntries) return;
    this.#log.iterator("reader").complete({ end: committed });
    await this.#log.truncateBefore(begin + Math.floor(((committed - begin) * (entries - keptEntries)) / entries));
  }

  async #expect(key: string): Promise<void> {
    const found = await this.#store.get(key);
    const text = found === undefined ? undefined : new TextDecoder().decode(found);
    if (text !== this.#model.get(key)) throw new Error(`${key} is ${text} instead of ${this.#model.get(key)}`);
  }

  /** Every key, by a scan, and nothing else; every page, commit and checkpoint. */
  async #check(): Promise<void> {
    let seen = 0;
    for await (const { key, value } of this.#store.scan()) {
      const name = typeof key === "number" ? String(key) : new TextDecoder().decode(key);
      if (this.#model.get(name) !== new TextDecoder().decode(value)) throw new Error(`a scan shows ${name} wrongly`);
      seen++;
    }
    if (seen !== this.#model.size) throw new Error(`a scan shows ${seen} keys of ${this.#model.size}`);
    const { damages } = await this.#store.selfCheck();
    if (damages.length > 0) throw new StoreError("corrupt", JSON.stringify(damages));
  }

  async #reopen(): Promise<void> {
    await this.#store.close();
    await this.#log.close();
    [this.#store, this.#log] = await openBoth(this.#folder);
  }

  /** Notes a value and returns it. */
  #set(key: string, value: string): string {
    this.dataBytes += sizeOf(key, value) - sizeOf(key, this.#model.get(key));
    this.#model.set(key, value);
    return value;
  }

  #value(): string {
    return `${this.operations}:${"v".repeat(this.#random.below(400))}`;
  }
}

async function openBoth(folder: string): Promise<[KeyValueStore, DurableLog]> {
  const store = await KeyValueStore.open(join(folder, "store"), options);
  return [store, await openLog(join(folder, "log"), { segmentBytes: 262_144 })];
}

function longer(old: Uint8Array | undefined): string {
  return `${new TextDecoder().decode(old ?? new Uint8Array()).slice(0, 300)}+`;
}

function sizeOf(key: string, value: string | undefined): number {
  return value === undefined ? 0 : key.length + value.length;
}
