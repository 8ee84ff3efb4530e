import { type Random, seededRandom } from "../random.ts";

/** Thrown by every call from the moment the power is gone, and by those on files that were open then. */
export class PowerLoss extends Error {
  override readonly name = "PowerLoss";
}

export type Operation = "read" | "write" | "sync" | "truncate" | "name" | "folder-sync";

export interface Fault {
  readonly on: Operation;
  readonly code: "EIO" | "ENOSPC" | "EDQUOT";
  /** How many such operations still succeed; default 0. */
  readonly after?: number;
  /** How many fail then; default 1. */
  readonly times?: number;
  /** Only files whose path holds this. */
  readonly path?: string;
}

/** What all files of a file system share: the power, the faults that were ordered, and a count of operations. */
export class Machine {
  readonly random: Random;
  /** Counts the starts: a file opened before a loss of power is dead after it. */
  life = 1;
  /** Every operation that changed something or made it durable, for messages. */
  readonly history: string[] = [];
  /** The power goes during this operation, counted from 1. */
  crashAt = Number.POSITIVE_INFINITY;
  usedBytes: () => number = () => 0;
  capacityBytes = Number.POSITIVE_INFINITY;
  readonly #faults: { readonly fault: Fault; passed: number; failed: number }[] = [];
  readonly #held = new Map<Operation, Promise<void>>();
  #power = true;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  order(fault: Fault): void {
    this.#faults.push({ fault, passed: 0, failed: 0 });
  }

  /** Asynchronous operations of a kind don't go on until the returned function is called. */
  hold(operation: Operation): () => void {
    const gate = Promise.withResolvers<void>();
    this.#held.set(operation, gate.promise);
    return () => {
      this.#held.delete(operation);
      gate.resolve();
    };
  }

  /** Whether what is read next counts as being in memory. */
  isCached(): boolean {
    return !this.#held.has("read") && this.history.length % 2 === 0;
  }

  /** An asynchronous operation happens in a later turn of the event loop, whoever waits for it or not. */
  async turn(operation: Operation): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await this.#held.get(operation);
  }

  /**
   * Counts an operation and performs it. When the power goes during it, its change is made all the same, unsynced, so that
   * the seed decides what of it is left; a sync during which the power goes has made nothing durable.
   */
  operation(kind: Exclude<Operation, "read">, path: string, detail: string, perform: () => void): void {
    if (kind !== "sync" && kind !== "folder-sync") this.fault(kind, path);
    this.history.push(`${this.history.length + 1} ${kind} ${path} ${detail}`);
    if (this.history.length >= this.crashAt) {
      if (kind !== "sync" && kind !== "folder-sync") perform();
      this.#power = false;
      throw new PowerLoss(`the power went during operation ${this.history.at(-1)}`);
    }
    perform();
  }

  fault(kind: Operation, path: string): void {
    for (const order of this.#faults) {
      const { on, code, after = 0, times = 1, path: part = "" } = order.fault;
      if (on !== kind || !path.includes(part) || order.failed >= times) continue;
      if (order.passed++ < after) continue;
      order.failed++;
      throw this.error(code, `${kind} of ${path}`);
    }
  }

  /** Bytes of room that are left after a file grew by `growth`; negative when it can't. */
  room(growth: number): number {
    return growth === 0 ? 0 : this.capacityBytes - this.usedBytes() - growth;
  }

  powered(life: number = this.life): void {
    if (!this.#power || life !== this.life) throw new PowerLoss("the power is gone");
  }

  restart(): void {
    this.life++;
    this.#power = true;
    this.crashAt = Number.POSITIVE_INFINITY;
    this.#faults.length = 0;
    this.#held.clear();
  }

  error(code: string, text: string): Error {
    return Object.assign(new Error(`${code}: ${text}`), { code });
  }
}
