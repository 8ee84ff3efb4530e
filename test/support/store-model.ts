import {
  type CheckpointOptions,
  KeyValueStore,
  type Session,
  StoreError,
  type StoreOptions,
} from "../../src/store/index.ts";
import { FaultyFileSystem, PowerLoss } from "./faulty-files/index.ts";
import { ProcessFiles } from "./process-files.ts";
import { type Random, seededRandom } from "./random.ts";
import { reproducible } from "./small-store.ts";

/** What one operation did, in the order in which operations took effect. */
interface Effect {
  readonly session: string;
  readonly changes: readonly (readonly [key: string, value: string | undefined])[];
}

const folder = "/data/store";
const sessionNames = ["one", "two", "three"];

/**
 * A store under random operations, and the plain model it must agree with: the list of everything that took effect. After a
 * crash the store must be the model after the first N effects, for an N that covers all that was promised to be durable.
 */
export class StoreModel {
  readonly random: Random;
  readonly files: FaultyFileSystem;
  readonly #options: StoreOptions;
  readonly #keys: readonly string[];
  #effects: Effect[] = [];
  #state = new Map<string, string>();
  /** This many effects were promised to survive. */
  #promised = 0;
  #store: KeyValueStore | undefined;
  #background: Promise<unknown>[] = [];
  #life: ProcessFiles | undefined;
  #last: string[] = [];

  constructor(seed: number, options: StoreOptions = {}) {
    this.random = seededRandom(seed);
    this.files = new FaultyFileSystem(seed);
    const pageBytes = 1_024 << this.#below(3);
    this.#options = {
      durability: "checkpoint",
      pageBytes,
      segmentBytes: pageBytes << this.#below(3),
      memoryBytes: pageBytes * (4 << this.#below(3)),
      // A table of a thousand buckets would take longer to make than all else.
      indexBuckets: 1 << this.#below(6),
      readCacheBytes: 1_024 << this.#below(3),
      mutableFraction: [0.3, 0.6, 0.9][this.#below(3)] ?? 0.9,
      keepCheckpoints: 1 + this.#below(3),
      ...reproducible(seed),
      ...options,
    };
    this.#keys = Array.from({ length: 3 + this.#below(40) }, (_, index) => `key-${index}`);
  }

  /** What was done last, for a message. */
  get trail(): string {
    return this.#last.join(" · ");
  }

  /** @param at checkpoint to open it at */
  async open(at?: string): Promise<void> {
    this.#life = new ProcessFiles(this.files);
    const options = { ...this.#options, files: this.#life };
    this.#store = await KeyValueStore.open(folder, at === undefined ? options : { ...options, at });
    await this.#checkRecovered();
  }

  /** One random step. */
  async step(): Promise<void> {
    const dice = this.#below(100);
    if (dice < 40) await this.#put();
    else if (dice < 48) await this.#delete();
    else if (dice < 60) await this.#update();
    else if (dice < 66) await this.#batch();
    else if (dice < 82) await this.#get();
    else if (dice < 87) await this.#commit();
    else if (dice < 92) await this.#checkpoint();
    else if (dice < 94) await this.#compact();
    else if (dice < 96) await this.crash();
    else if (dice < 98) await this.#kill();
    else if (dice < 99) await this.#reopen();
    else await this.#goBack();
  }

  /** The power goes and comes back. */
  async crash(): Promise<void> {
    this.#note("crash");
    this.#life?.end();
    this.files.crash();
    await this.#lost();
    await this.open();
  }

  /** Checks the whole content, and that nothing else is in it. */
  async check(): Promise<void> {
    const state = this.#state;
    for (const key of this.#keys) await this.#expect(key, state.get(key));
    const seen = new Map<string, string>();
    for await (const { key, value } of this.#open.scan()) seen.set(text(key), text(value));
    const same = seen.size === state.size && [...seen].every(([key, value]) => state.get(key) === value);
    if (!same) throw new Error(`a scan shows ${seen.size} keys of ${state.size}, or other values`);
  }

  /** Ends without a word: what was open is abandoned. */
  async abandon(): Promise<void> {
    this.#life?.end();
    this.files.crash();
    await this.#lost();
  }

  async #kill(): Promise<void> {
    this.#note("kill");
    this.#life?.end();
    this.files.killProcess();
    await this.#lost();
    await this.open();
  }

  async #reopen(): Promise<void> {
    this.#note("reopen");
    await this.#settleBackground();
    await this.#open.close();
    this.#promised = this.#effects.length;
    await this.open();
  }

  /** Opens at one of the checkpoints, and gives up what came after it. */
  async #goBack(): Promise<void> {
    await this.#settleBackground();
    const stages = this.#open.checkpoints.filter(({ kind }) => kind !== "index");
    const stage = stages[this.#below(stages.length)];
    if (stage === undefined) return;
    this.#note(`go back to ${stage.id} of ${stages.length}`);
    if (this.#below(2) === 0) await this.#open.close();
    this.#life?.end();
    this.files.killProcess();
    await this.#lost();
    const count = [...stage.sessions.values()].reduce((sum, serial) => sum + serial, 0);
    this.#effects = this.#effects.slice(0, count);
    this.#promised = count;
    await this.open(stage.id);
  }

  /** Whatever still runs in a store whose files are dead ends, with an error or not. */
  async #lost(): Promise<void> {
    const store = this.#store;
    this.#life?.end();
    this.#store = undefined;
    await Promise.allSettled(this.#background);
    this.#background = [];
    await store?.close().catch(() => {});
  }

  async #settleBackground(): Promise<void> {
    await Promise.all(this.#background);
    this.#background = [];
  }

  async #put(): Promise<void> {
    const key = this.#key();
    const value = this.#value();
    await this.#write("put", [[key, value]], (session, durability) => session.put(key, value, durability));
  }

  async #delete(): Promise<void> {
    const key = this.#key();
    await this.#write("delete", [[key, undefined]], (session, durability) => session.delete(key, durability));
  }

  async #update(): Promise<void> {
    const key = this.#key();
    const old = this.#state.get(key);
    const value = `${(old ?? "").slice(-20)}+${this.#below(1_000)}`;
    await this.#write("update", [[key, value]], (session, durability) =>
      session.update(
        key,
        (found) => {
          const was = found === undefined ? undefined : text(found);
          if (was !== old) throw new Error(`update of ${key} saw ${was} instead of ${old}`);
          return new TextEncoder().encode(value);
        },
        durability,
      ),
    );
  }

  async #batch(): Promise<void> {
    const changes = Array.from({ length: 1 + this.#below(4) }, () => {
      const value = this.#below(4) === 0 ? undefined : this.#value().slice(0, 60);
      return [this.#key(), value] as const;
    });
    const steps = changes.map(([key, value]) => (value === undefined ? { delete: key } : { put: key, value }));
    await this.#write("batch", changes, (session, durability) => session.batch(steps, durability));
  }

  /** Issues a write, and counts it as an effect when it takes effect. */
  async #write(
    what: string,
    changes: Effect["changes"],
    issue: (session: Session, durability: "sync" | "checkpoint") => Promise<void> | undefined,
  ): Promise<void> {
    const name = sessionNames[this.#below(sessionNames.length)] ?? "one";
    const session = this.#open.session(name);
    const durability = this.#below(8) === 0 ? "sync" : "checkpoint";
    this.#note(`${what} ${durability} ${changes.map(([key]) => key).join(",")}`);
    const before = session.serial;
    const done = issue(session, durability);
    const position = this.#effects.push({ session: name, changes });
    apply(this.#state, changes);
    if (session.serial === before) {
      await done;
      if (session.serial !== before + 1) throw new Error(`${what} has no serial`);
    }
    if (durability === "sync" && done !== undefined) {
      const kept = done.then(() => {
        this.#promised = Math.max(this.#promised, position);
      });
      kept.catch(() => {});
      if (this.#below(2) === 0) await kept;
      else this.#background.push(kept);
    }
  }

  async #get(): Promise<void> {
    const key = this.#key();
    await this.#expect(key, this.#state.get(key));
  }

  async #expect(key: string, wanted: string | undefined): Promise<void> {
    const found = await this.#open.get(key);
    const value = found === undefined ? undefined : text(found);
    if (value !== wanted) throw new Error(`${key} is ${value} instead of ${wanted}`);
  }

  async #commit(): Promise<void> {
    this.#note("commit");
    const position = this.#effects.length;
    await this.#open.commit();
    this.#promised = Math.max(this.#promised, position);
  }

  async #checkpoint(): Promise<void> {
    const parts = (["full", "log", "index"] as const)[this.#below(3)] ?? "full";
    const method = (["fold-over", "snapshot", "delta"] as const)[this.#below(3)] ?? "snapshot";
    await this.#maintain(
      `checkpoint ${parts} ${method}`,
      (store) => store.checkpoint({ parts, method } satisfies CheckpointOptions),
      parts !== "index",
    );
  }

  async #compact(): Promise<void> {
    await this.#maintain("compact", (store) => store.compact(), false);
  }

  async #maintain(what: string, start: (store: KeyValueStore) => Promise<unknown>, promises: boolean): Promise<void> {
    this.#note(what);
    const position = this.#effects.length;
    const done = start(this.#open).then(
      () => {
        if (promises) this.#promised = Math.max(this.#promised, position);
      },
      (error: unknown) => {
        if (!(error instanceof StoreError && error.code === "busy")) throw error;
      },
    );
    done.catch(() => {});
    if (this.#below(2) === 0) await done;
    else this.#background.push(done);
  }

  /** The first thing after every opening: how many effects survived, by the sessions' serials, and is the state theirs? */
  async #checkRecovered(): Promise<void> {
    const serials = sessionNames.map((name) => this.#open.session(name).serial);
    const count = serials.reduce((sum, serial) => sum + serial, 0);
    const survived = this.#effects.slice(0, count);
    sessionNames.forEach((name, index) => {
      const own = survived.filter(({ session }) => session === name).length;
      if (own !== serials[index])
        throw new Error(`of the first ${count} effects ${own} are of session ${name}, which has ${serials[index]}`);
    });
    if (count < this.#promised) throw new Error(`${count} effects survived, ${this.#promised} were promised`);
    this.#note(`recovered ${count} of ${this.#effects.length}`);
    this.#effects = survived;
    this.#state = new Map();
    for (const { changes } of survived) apply(this.#state, changes);
    this.#promised = count;
    await this.check();
  }

  get #open(): KeyValueStore {
    if (this.#store === undefined) throw new PowerLoss("the store isn't open");
    return this.#store;
  }

  #key(): string {
    return this.#keys[this.#below(this.#keys.length)] ?? "";
  }

  #value(): string {
    return `${this.#effects.length}:${"v".repeat(this.#below(this.#below(4) === 0 ? 200 : 40))}`;
  }

  #below(limit: number): number {
    return this.random.below(limit);
  }

  #note(step: string): void {
    this.#last.push(step);
    if (this.#last.length > Number(process.env.SOLO_STORE_TRAIL ?? 40)) this.#last.shift();
  }
}

function apply(state: Map<string, string>, changes: Effect["changes"]): void {
  for (const [key, value] of changes) {
    if (value === undefined) state.delete(key);
    else state.set(key, value);
  }
}

function text(bytes: Uint8Array | number): string {
  return typeof bytes === "number" ? String(bytes) : new TextDecoder().decode(bytes);
}
