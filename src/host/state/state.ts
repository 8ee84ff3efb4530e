import { SoloError } from "../../api/error.ts";
import type {
  CheckedState,
  KeyRange,
  StandardSchema,
  State,
  StateEntry,
  Transaction,
  WriteOptions,
} from "../sdk/service.ts";
import type { StateChannel } from "./channel.ts";
import { CheckedView } from "./checked.ts";
import { KeyQueue } from "./key-queue.ts";
import { entriesOf, memberOf } from "./output.ts";
import { BufferedTransaction } from "./transaction.ts";
import { encodeValue } from "./value.ts";
import { watchChanges } from "./watch.ts";

/** How often a transaction or update begins again before it gives up. */
const maxAttempts = 200;
/** Longest pause before the next attempt, in milliseconds. */
const maxPauseMs = 20;

/** `ctx.state` over the state channel. */
export class ChannelState implements State {
  readonly #channel: StateChannel;
  readonly #signal: AbortSignal;
  /** Updates of one key by this instance wait for one another instead of colliding. */
  readonly #updates = new KeyQueue();

  /** @param signal ends watches */
  constructor(channel: StateChannel, signal: AbortSignal) {
    this.#channel = channel;
    this.#signal = signal;
  }

  async get<Value>(key: string): Promise<Value | undefined> {
    return (await this.entry<Value>(key))?.value;
  }

  async entry<Value>(key: string): Promise<StateEntry<Value> | undefined> {
    const output = await this.#read("get", [key], key.length);
    if (!Array.isArray(output)) return undefined;
    const [value, version]: unknown[] = output;
    return entriesOf<Value>([[key, value, version]])[0];
  }

  async set(key: string, value: unknown, options: WriteOptions & { ifVersion?: number } = {}): Promise<number> {
    const bytes = encodeValue(key, value);
    const input = [key, bytes, options.durability ?? null, options.ifVersion ?? null];
    return memberOf(await this.#change("set", input, key.length + bytes.length), "number");
  }

  async delete(key: string, options: WriteOptions & { ifVersion?: number } = {}): Promise<boolean> {
    const input = [key, options.durability ?? null, options.ifVersion ?? null];
    return memberOf(await this.#change("delete", input, key.length), "boolean");
  }

  async increment(key: string, by = 1, options: WriteOptions = {}): Promise<number> {
    return memberOf(await this.#change("increment", [key, by, options.durability ?? null], key.length), "number");
  }

  update<Value>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options: WriteOptions = {},
  ): Promise<Value | undefined> {
    return this.#updates.run(key, () =>
      this.transaction(async (transaction) => {
        const changed = await change(await transaction.get<Value>(key));
        if (changed === undefined) transaction.delete(key);
        else transaction.set(key, changed);
        return changed;
      }, options),
    );
  }

  async *scan<Value>({ prefix = "", after, limit }: KeyRange = {}): AsyncGenerator<StateEntry<Value>> {
    let left = limit ?? Number.POSITIVE_INFINITY;
    for (let behind = after; left > 0; ) {
      const asked = Number.isFinite(left) ? left : null;
      const output = await this.#read("scan", [prefix, behind ?? null, asked], prefix.length);
      const [page, hasMore]: unknown[] = Array.isArray(output) ? output : [];
      for (const entry of entriesOf<Value>(page)) {
        yield entry;
        behind = entry.key;
        left--;
      }
      if (hasMore !== true) return;
    }
  }

  watch<Value>({ prefix = "", after }: { prefix?: string; after?: number } = {}) {
    return watchChanges<Value>(this.#channel, { prefix, after, signal: this.#signal });
  }

  async transaction<Result>(
    run: (transaction: Transaction) => Result | Promise<Result>,
    options: WriteOptions = {},
  ): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      const transaction = new BufferedTransaction((key) => this.#read("get", [key], key.length));
      const result = await run(transaction);
      const { reads, writes, bytes } = transaction.end();
      if (writes.length === 0 && reads.length <= 1) return result;
      try {
        await this.#change("commit", [reads, writes, options.durability ?? null], bytes);
        return result;
      } catch (error) {
        if (!(error instanceof SoloError) || error.code !== "conflict" || attempt >= maxAttempts) throw error;
        await Bun.sleep(Math.random() * Math.min(attempt, maxPauseMs));
      }
    }
  }

  checked<Value>(schema: StandardSchema<Value>): CheckedState<Value> {
    return new CheckedView(this, schema);
  }

  #read(operation: string, input: unknown, bytes: number): Promise<unknown> {
    return this.#channel.request(operation, input, { isWrite: false, bytes });
  }

  #change(operation: string, input: unknown, bytes: number): Promise<unknown> {
    return this.#channel.request(operation, input, { isWrite: true, bytes });
  }
}
