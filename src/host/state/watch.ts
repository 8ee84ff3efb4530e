import { SoloError } from "../../api/error.ts";
import type { StateChange } from "../sdk/service.ts";
import type { StateChannel } from "./channel.ts";
import { memberOf } from "./output.ts";
import { decodeValue } from "./value.ts";

/** Changes that a loop may be behind; the watch fails rather than fill the memory. */
const maxBehind = 100_000;

interface WatchOptions {
  readonly prefix: string;
  readonly after: number | undefined;
  readonly signal: AbortSignal;
}

/** Follows changes over any number of connections, each of them once. */
export async function* watchChanges<Value>(
  channel: StateChannel,
  { prefix, after, signal }: WatchOptions,
): AsyncGenerator<StateChange<Value>> {
  const subscription = new Subscription(channel, prefix, after);
  const wake = () => subscription.wake();
  signal.addEventListener("abort", wake);
  try {
    await subscription.begin();
    while (!signal.aborted) {
      const changes = subscription.take();
      for (const change of changes) yield decoded<Value>(change);
      if (changes.length === 0) await subscription.news();
    }
  } finally {
    signal.removeEventListener("abort", wake);
    subscription.end();
  }
}

/** A change as the kernel sends it. */
interface Received {
  readonly position: number;
  readonly time: number;
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** One watch of the kernel's, begun again on every connection with the last entry that came, as it may have come in part. */
class Subscription {
  readonly #channel: StateChannel;
  readonly #prefix: string;
  readonly #watch: number;
  /** Position of the last change that came, and how many came of that position. */
  #last: number | undefined;
  #countOfLast = 0;
  /** So many changes of the first position that comes on this connection are known. */
  #known = 0;
  #isBeginning = false;
  #changes: Received[] = [];
  #failure: SoloError | undefined;
  #news = Promise.withResolvers<void>();

  constructor(channel: StateChannel, prefix: string, after: number | undefined) {
    this.#channel = channel;
    this.#prefix = prefix;
    this.#last = after;
    this.#watch = channel.openWatch({
      change: (output) => this.#receive(output),
      failed: (error) => this.#fail(error),
      // A beginning that was not answered is sent again by the channel.
      reconnected: () => void (!this.#isBeginning && this.begin().catch((error: unknown) => this.#fail(error))),
    });
  }

  async begin(): Promise<void> {
    this.#isBeginning = true;
    this.#known = this.#countOfLast;
    const last = this.#last;
    const after = last === undefined ? null : last - Math.sign(this.#countOfLast);
    const input = [this.#watch, this.#prefix, after];
    const began = await this.#channel.request("watch", input, { isWrite: false, bytes: this.#prefix.length });
    this.#isBeginning = false;
    this.#last ??= memberOf(began, "number");
  }

  /** What came since the last call. */
  take(): readonly Received[] {
    if (this.#changes.length === 0 && this.#failure !== undefined) throw this.#failure;
    return this.#changes.splice(0);
  }

  news(): Promise<void> {
    this.#news = Promise.withResolvers();
    if (this.#changes.length > 0 || this.#failure !== undefined) this.#news.resolve();
    return this.#news.promise;
  }

  wake(): void {
    this.#news.resolve();
  }

  end(): void {
    this.#channel.closeWatch(this.#watch);
    // With the connection it ends by itself.
    this.#channel.request("unwatch", [this.#watch], { isWrite: false, bytes: 0 }).catch(() => undefined);
  }

  #receive(output: unknown): void {
    const change = received(output);
    if (this.#known > 0 && change.position === this.#last) {
      this.#known--;
      return;
    }
    this.#countOfLast = change.position === this.#last ? this.#countOfLast + 1 : 1;
    this.#last = change.position;
    if (this.#changes.length < maxBehind) this.#changes.push(change);
    else this.#fail(new SoloError("limit_exceeded", `the watch is ${maxBehind} changes behind`));
    this.#news.resolve();
  }

  #fail(error: unknown): void {
    this.#failure ??= SoloError.from(error);
    this.#news.resolve();
  }
}

function received(output: unknown): Received {
  const [position, time, key, op, value]: unknown[] = Array.isArray(output) ? output : [];
  return {
    position: memberOf(position, "number"),
    time: memberOf(time, "number"),
    key: String(key),
    value: op === "put" && value instanceof Uint8Array ? value : undefined,
  };
}

function decoded<Value>(change: Received): StateChange<Value>;
function decoded({ value, ...place }: Received): StateChange<unknown> {
  return value === undefined ? { op: "delete", ...place } : { op: "put", ...place, value: decodeValue(value) };
}
