import { StoreError } from "../error.ts";
import { type ColdResult, findCold, keepKey } from "./cold.ts";
import type { Engine } from "./engine.ts";
import type { Key, KeyBuffer } from "./key.ts";
import type { Durability } from "./options.ts";
import { type BatchStep, bytesOf, copyOf, ownStep, type Value } from "./own.ts";
import { absent, onDisk, type Records } from "./records.ts";

/** Operations of a session that wait behind one that needs memory or disk; more are refused. */
const maxQueued = 65_536;

/**
 * A line of operations that are numbered and applied in order. After a crash the store tells the serial of the last one
 * that survived: all before it did too, and none after it.
 *
 * Writes return `undefined` when they are done for their durability, else a promise; reads return a promise only when the
 * disk must be asked. `await` fits both. One that waits makes the session's later operations wait.
 */
export class Session {
  readonly name: string;
  readonly #engine: Engine;
  readonly #records: Records;
  readonly #key: KeyBuffer;
  readonly #durability: Durability;
  readonly #state: { readonly name: string; serial: number; dirty: boolean };
  #queue: Promise<unknown> | undefined;
  #queued = 0;

  /** Made by `KeyValueStore.session`. An empty name stands for operations that nobody numbers. */
  constructor(engine: Engine, key: KeyBuffer, name: string, serial: number) {
    this.name = name;
    this.#engine = engine;
    this.#records = engine.records;
    this.#key = key;
    this.#durability = engine.settings.durability;
    // An unnamed session counts as dirty from the start, so that it never gets into a commit.
    this.#state = { name, serial, dirty: name === "" };
  }

  /** Number of the last write that was applied; the first is 1. Reads and writes that wait have none. */
  get serial(): number {
    return this.#state.serial;
  }

  /** Number of the last write that survives a crash now. */
  get durableSerial(): number {
    return this.#engine.durableSerials.get(this.name) ?? 0;
  }

  /** The value of a key: a copy. */
  get(key: Key): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    if (this.#queue !== undefined) return this.#enqueue(this.#own(key), (kept) => this.#getLater(kept));
    this.#open();
    this.#key.load(key);
    const records = this.#records;
    const where = this.#find();
    if (where === onDisk) return this.#getLater(keepKey(this.#key));
    if (where === absent || records.isDeleted(where)) return undefined;
    return records.value(where);
  }

  /**
   * Copies the value of a key into `target` and returns its length, -1 when there is none. A value longer than the target
   * is cut; its length tells.
   */
  read(key: Key, target: Uint8Array): number | Promise<number> {
    if (this.#queue === undefined) {
      this.#open();
      this.#key.load(key);
      const records = this.#records;
      const where = this.#find();
      if (where !== onDisk) {
        if (where === absent || records.isDeleted(where)) return -1;
        return records.copyValue(where, target);
      }
    }
    return Promise.resolve(this.get(key)).then((value) => {
      if (value === undefined) return -1;
      target.set(value.subarray(0, target.length));
      return value.length;
    });
  }

  put(key: Key, value: Value, durability: Durability = this.#durability): Promise<void> | undefined {
    const bytes = bytesOf(value);
    if (this.#queue === undefined) {
      this.#engine.check();
      this.#key.load(key);
      this.#records.checkSize(this.#key, bytes.length);
      if (this.#records.put(this.#key, bytes)) return this.#done(durability);
    } else {
      this.#key.load(key);
      this.#records.checkSize(this.#key, bytes.length);
    }
    const copy = copyOf(bytes);
    return this.#enqueueWrite(keepKey(this.#key), (kept) =>
      this.#writeLater(() => this.#records.put(kept, copy), durability),
    );
  }

  /** Deleting what isn't there is no error. */
  delete(key: Key, durability: Durability = this.#durability): Promise<void> | undefined {
    if (this.#queue === undefined) {
      this.#engine.check();
      this.#key.load(key);
      if (this.#records.delete(this.#key)) return this.#done(durability);
    } else this.#key.load(key);
    return this.#enqueueWrite(keepKey(this.#key), (kept) =>
      this.#writeLater(() => this.#records.delete(kept), durability),
    );
  }

  /**
   * Read-modify-write in one step: `change` gets the value, or `undefined`, and returns the new one, or `undefined` to
   * delete the key. What it gets is valid only during the call and must not be changed; it must not call the store.
   */
  update(
    key: Key,
    change: (value: Uint8Array | undefined) => Uint8Array | undefined,
    durability: Durability = this.#durability,
  ): Promise<void> | undefined {
    if (this.#queue === undefined) {
      this.#engine.check();
      this.#key.load(key);
      const where = this.#find();
      if (where !== onDisk) {
        const value = this.#applyTo(where, change);
        if (value === applied) return this.#done(durability);
        const kept = keepKey(this.#key);
        return this.#enqueueWrite(kept, () => this.#writeLater(() => this.#write(kept, value), durability));
      }
    } else this.#key.load(key);
    const kept = keepKey(this.#key);
    // Read ahead, so that updates that wait for one another don't wait for the disk one after another.
    const ahead = this.#records.find(kept) === onDisk ? findCold(this.#engine, kept, this.#records.address) : undefined;
    ahead?.catch(() => {});
    return this.#enqueueWrite(kept, async () => {
      const value = await this.#changeCold(kept, await ahead, change);
      if (value === applied) return { durable: this.#done(durability) };
      return this.#writeLater(() => this.#write(kept, value), durability);
    });
  }

  /** Several writes as one operation with one serial: after a crash all of them are there, or none. */
  batch(steps: readonly BatchStep[], durability: Durability = this.#durability): Promise<void> | undefined {
    this.#engine.check();
    const own = steps.map(ownStep);
    let units = 0;
    for (const { key, value } of own) {
      this.#key.load(key);
      const bytes = value?.length ?? 0;
      this.#records.checkSize(this.#key, bytes);
      // Values that outgrow their place get more than they need.
      units += Math.ceil((this.#key.wordCount * 4 + bytes + (bytes >>> 3)) / 8) + 5;
    }
    const { memory } = this.#engine;
    if (units > memory.geometry.dataUnits - 8) {
      throw new StoreError("too_large", `a batch of ${units * 8} bytes doesn't fit into a page of the log`);
    }
    const attempt = () => {
      if (memory.left < units && !memory.turnPage()) return false;
      for (const { key, value } of own) {
        this.#key.load(key);
        if (!this.#write(this.#key, value)) throw new Error("a batch didn't fit into the room made for it");
      }
      return true;
    };
    if (this.#queue === undefined && attempt()) return this.#done(durability);
    return this.#enqueueWrite(this.#key, () => this.#writeLater(attempt, durability));
  }

  /** Resolves when every write of this session so far is durable. */
  async durable(): Promise<void> {
    await this.#queue;
    await this.#engine.flusher.commit();
  }

  /** Looks the loaded key up, on disk too as far as that takes no waiting. */
  #find(): number {
    const records = this.#records;
    let where = records.find(this.#key);
    // More records of one chain than that may have driven one another out of the cache.
    for (let fetched = 0; where === onDisk && fetched < maxFetched; fetched++) {
      if (!this.#engine.fetch(records.address)) return where;
      where = records.find(this.#key);
    }
    return where;
  }

  #own(key: Key): KeyBuffer {
    this.#key.load(key);
    return keepKey(this.#key);
  }

  #open(): void {
    if (this.#engine.closed) throw new StoreError("closed", "the store is closed");
  }

  #done(durability: Durability): Promise<void> | undefined {
    this.#state.serial++;
    if (!this.#state.dirty) this.#engine.markDirty(this.#state);
    return this.#engine.acknowledge(durability);
  }

  async #getLater(key: KeyBuffer): Promise<Uint8Array | undefined> {
    const records = this.#records;
    let cold: ColdResult | undefined;
    for (;;) {
      const where = records.find(key);
      if (where !== onDisk) return where === absent || records.isDeleted(where) ? undefined : records.value(where);
      if (cold?.from === records.address) return cold.value;
      cold = await findCold(this.#engine, key, records.address);
    }
  }

  async #changeCold(
    key: KeyBuffer,
    ahead: ColdResult | undefined,
    change: (value: Uint8Array | undefined) => Uint8Array | undefined,
  ): Promise<Uint8Array | undefined | typeof applied> {
    let cold = ahead;
    for (;;) {
      this.#engine.check();
      const where = this.#records.find(key);
      if (where !== onDisk) return this.#apply(key, this.#viewOf(where), change);
      if (cold?.from === this.#records.address) return this.#apply(key, cold.value, change);
      cold = await findCold(this.#engine, key, this.#records.address);
    }
  }

  #viewOf(where: number): Uint8Array | undefined {
    return where === absent || this.#records.isDeleted(where) ? undefined : this.#records.view(where);
  }

  /** {@link #apply} to the record that was just found for the session's own key, without looking it up again. */
  #applyTo(
    where: number,
    change: (value: Uint8Array | undefined) => Uint8Array | undefined,
  ): Uint8Array | undefined | typeof applied {
    const records = this.#records;
    const key = this.#key;
    const { at, address } = records;
    const { hash } = key;
    const changed = change(this.#viewOf(where));
    // Another operation within `change` would have this one write to the other's key.
    if (records.at !== at || records.address !== address || key.hash !== hash) throw new Error(nested);
    if (changed !== undefined) records.checkSize(key, changed.length);
    const done = changed === undefined ? records.remove(key, where) : records.replace(key, changed, where);
    return done ? applied : changed && copyOf(changed);
  }

  /** Writes the new value at once if there is room, else returns it for later: it was computed and stays as it is. */
  #apply(
    key: KeyBuffer,
    value: Uint8Array | undefined,
    change: (value: Uint8Array | undefined) => Uint8Array | undefined,
  ): Uint8Array | undefined | typeof applied {
    const changed = change(value);
    if (changed !== undefined) this.#records.checkSize(key, changed.length);
    if (this.#write(key, changed)) return applied;
    return changed && copyOf(changed);
  }

  #write(key: KeyBuffer, value: Uint8Array | undefined): boolean {
    return value === undefined ? this.#records.delete(key) : this.#records.put(key, value);
  }

  async #writeLater(attempt: () => boolean, durability: Durability): Promise<Applied> {
    this.#engine.check();
    while (!attempt()) await this.#engine.room();
    return { durable: this.#done(durability) };
  }

  /** The next operation waits until this one is applied, not until it is durable. */
  #enqueueWrite(key: KeyBuffer, job: (key: KeyBuffer) => Promise<Applied>): Promise<void> {
    return this.#enqueue(key, job).then(({ durable }) => durable);
  }

  /** Runs a job when all before it are done. */
  #enqueue<T>(key: KeyBuffer, job: (key: KeyBuffer) => Promise<T> | T): Promise<T> {
    if (this.#queued >= maxQueued) {
      throw new StoreError("busy", `${maxQueued} operations of session ${JSON.stringify(this.name)} already wait`);
    }
    this.#queued++;
    const done = (this.#queue ?? Promise.resolve()).then(() => job(key));
    const settled = done.then(noop, noop);
    this.#queue = settled;
    void settled.then(() => {
      this.#queued--;
      if (this.#queue === settled) this.#queue = undefined;
    });
    return done;
  }
}

/** Records of a chain on disk that are read on the spot. */
const maxFetched = 8;

/** A write that took effect, and what its durability still waits for. */
interface Applied {
  readonly durable: Promise<void> | undefined;
}

/** The value was written. */
const applied = Symbol("applied");
const nested = "the store was called by the function that an update was given";

function noop(): void {}
