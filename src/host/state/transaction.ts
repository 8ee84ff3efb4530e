import { SoloError } from "../../api/error.ts";
import type { Transaction } from "../sdk/service.ts";
import { memberOf } from "./output.ts";
import { decodeValue, encodeValue } from "./value.ts";

/** What a transaction sends when its function is done. */
export interface TransactionRecord {
  /** Keys and the versions that were read; 0 for a key that was not there. */
  readonly reads: readonly (readonly [string, number])[];
  /** Keys and their new values; null deletes. */
  readonly writes: readonly (readonly [string, Uint8Array | null])[];
  /** Of all of it, roughly. */
  readonly bytes: number;
}

interface Read {
  readonly version: number;
  readonly value: unknown;
}

/** Remembers what was read and what is to be written. A key that was read is not asked for again. */
export class BufferedTransaction implements Transaction {
  readonly #ask: (key: string) => Promise<unknown>;
  readonly #reads = new Map<string, Promise<Read>>();
  readonly #versions = new Map<string, number>();
  readonly #writes = new Map<string, Uint8Array | null>();
  #isOver = false;

  /** @param ask the kernel for a key: `[value, version]` or nothing */
  constructor(ask: (key: string) => Promise<unknown>) {
    this.#ask = ask;
  }

  get<Value>(key: string): Promise<Value | undefined>;
  async get(key: string): Promise<unknown> {
    this.#check();
    const written = this.#writes.get(key);
    if (written !== undefined) return written === null ? undefined : decodeValue(written);
    const known = this.#reads.get(key) ?? this.#read(key);
    this.#reads.set(key, known);
    const { version, value } = await known;
    this.#versions.set(key, version);
    return version === 0 ? undefined : decodeValue(value);
  }

  set(key: string, value: unknown): void {
    this.#check();
    this.#writes.set(key, encodeValue(key, value));
  }

  delete(key: string): void {
    this.#check();
    this.#writes.set(key, null);
  }

  end(): TransactionRecord {
    this.#isOver = true;
    let bytes = 0;
    for (const [key, value] of this.#writes) bytes += key.length + (value?.length ?? 0);
    for (const key of this.#versions.keys()) bytes += key.length;
    return { reads: [...this.#versions], writes: [...this.#writes], bytes };
  }

  async #read(key: string): Promise<Read> {
    const output = await this.#ask(key);
    if (!Array.isArray(output)) return { version: 0, value: undefined };
    const [value, version]: unknown[] = output;
    return { value, version: memberOf(version, "number") };
  }

  #check(): void {
    if (this.#isOver) throw new SoloError("invalid_request", "the transaction is over: await what it does");
  }
}
