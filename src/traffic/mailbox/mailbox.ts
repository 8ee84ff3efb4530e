import { limited } from "../admission/index.ts";
import { Lanes } from "./lanes.ts";

/** Whoever takes messages out of a mailbox, such as an instance of the service that it belongs to. */
export interface Consumer {
  readonly id: string;
  /** Of messages, and of anything else that counts, at a time. */
  readonly room: number;
}

export interface Message<Taker extends Consumer> {
  /** Who sent it: senders take turns. */
  readonly sender: string;
  /** After this (monotonic ms) it is not delivered any more. */
  readonly deadline: number;
  /** It was taken out, for the first and only time. Resolves, and never rejects, when the consumer is done with it. */
  deliver(consumer: Taker): Promise<void>;
  /** It was not delivered: its deadline passed, or the mailbox was closed for a reason. */
  drop(reason: Error | "expired"): void;
}

export interface MailboxOptions<Taker extends Consumer> {
  /** Named in what is refused. */
  readonly name: string;
  readonly clock: { monotonic(): number };
  /** How many messages may wait. Asked each time, as it may change. */
  readonly limit: () => number;
  /** Those that could take a message if they have room. */
  readonly consumers: () => readonly Taker[];
}

export interface MailboxStats {
  readonly waiting: number;
  readonly inFlight: number;
  readonly limit: number;
  readonly delivered: number;
  readonly refused: number;
  readonly expired: number;
}

/**
 * The messages that wait for a service. Its instances compete for them: whoever has the fewest in work gets the next. The
 * messages of one sender keep their order, senders take turns. None is delivered twice, none after its deadline.
 */
export class Mailbox<Taker extends Consumer> {
  readonly #options: MailboxOptions<Taker>;
  readonly #lanes = new Lanes<Message<Taker>>();
  readonly #inFlight = new Map<string, number>();
  readonly #drains = new Map<string, (() => void)[]>();
  #turn = 0;
  #delivered = 0;
  #refused = 0;
  #expired = 0;

  constructor(options: MailboxOptions<Taker>) {
    this.#options = options;
  }

  get stats(): MailboxStats {
    return {
      waiting: this.#lanes.size,
      inFlight: this.inFlight,
      limit: this.#options.limit(),
      delivered: this.#delivered,
      refused: this.#refused,
      expired: this.#expired,
    };
  }

  get waiting(): number {
    return this.#lanes.size;
  }

  /** Delivered and not done. */
  get inFlight(): number {
    let sum = 0;
    for (const count of this.#inFlight.values()) sum += count;
    return sum;
  }

  /** What one consumer has in work. */
  inFlightOf(consumer: string): number {
    return this.#inFlight.get(consumer) ?? 0;
  }

  /**
   * Puts a message in, and delivers it when somebody has room.
   * @throws SoloError `limit_exceeded` when it is full; a sender of whom nothing waits finds a place in spite of the others
   */
  put(message: Message<Taker>): void {
    const { name } = this.#options;
    const limit = this.#options.limit();
    const isFull = this.#lanes.size >= limit;
    const isFirst = this.#lanes.waitingOf(message.sender) === 0 && this.#lanes.size < limit + spareOf(limit);
    if (isFull && !isFirst) {
      this.#refused += 1;
      const hint = "send fewer, or try again later; `limits.queue` is how many may wait";
      throw limited(`${limit} messages wait for ${name}`, { bound: "queue", limit, retryAfterMs: retryMs, hint });
    }
    this.#lanes.add(message);
    this.pump();
  }

  /** Takes a message out that is not wanted any more. False when it is not in there: it was delivered, or dropped. */
  withdraw(message: Message<Taker>): boolean {
    return this.#lanes.remove(message);
  }

  /** Delivers what can be. To be called when a consumer may have got room. */
  pump(): void {
    while (this.#lanes.size > 0) {
      const consumer = this.#choose();
      if (consumer === undefined) return;
      const message = this.#nextAlive();
      if (message !== undefined) void this.#deliver(message, consumer);
    }
  }

  /** Resolves when a consumer, who gets nothing more, is done with what it has in work; or after so long. */
  async drain(consumer: string, timeoutMs: number): Promise<void> {
    if (this.inFlightOf(consumer) === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drains.set(consumer, [...(this.#drains.get(consumer) ?? []), resolve]);
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
  }

  /** Drops what has waited too long. */
  expire(): void {
    const now = this.#options.clock.monotonic();
    for (const message of this.#lanes) {
      if (message.deadline > now) continue;
      this.#lanes.remove(message);
      this.#expired += 1;
      message.drop("expired");
    }
  }

  /** Drops everything that waits. */
  clear(reason: Error): void {
    for (const message of this.#lanes) {
      this.#lanes.remove(message);
      message.drop(reason);
    }
  }

  #nextAlive(): Message<Taker> | undefined {
    const now = this.#options.clock.monotonic();
    for (let message = this.#lanes.next(); message !== undefined; message = this.#lanes.next()) {
      if (message.deadline > now) return message;
      this.#expired += 1;
      message.drop("expired");
    }
    return undefined;
  }

  async #deliver(message: Message<Taker>, consumer: Taker): Promise<void> {
    const { id } = consumer;
    this.#inFlight.set(id, this.inFlightOf(id) + 1);
    this.#delivered += 1;
    try {
      await message.deliver(consumer);
    } finally {
      const left = this.inFlightOf(id) - 1;
      if (left > 0) this.#inFlight.set(id, left);
      else this.#idle(id);
      this.pump();
    }
  }

  #idle(consumer: string): void {
    this.#inFlight.delete(consumer);
    for (const resolve of this.#drains.get(consumer) ?? []) resolve();
    this.#drains.delete(consumer);
  }

  /** The one with the fewest in work among those with room; equals take turns. */
  #choose(): Taker | undefined {
    const consumers = this.#options.consumers();
    const count = consumers.length;
    const turn = this.#turn++;
    let best: Taker | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let index = 0; index < count; index++) {
      const consumer = consumers[(turn + index) % count];
      if (consumer === undefined) continue;
      const inFlight = this.inFlightOf(consumer.id);
      if (inFlight >= consumer.room || inFlight >= least) continue;
      best = consumer;
      least = inFlight;
    }
    return best;
  }
}

/** One that waits most often needs milliseconds; a full queue needs longer. */
const retryMs = 1_000;

/** Places beyond the limit for senders of whom nothing waits, so that one that floods can't lock the others out. */
function spareOf(limit: number): number {
  return Math.ceil(limit / 10);
}
