import type { FileSystem } from "../../src/store/file/index.ts";
import { type DurableLog, type LogOptions, openLog } from "../../src/store/log/index.ts";

interface Appended {
  readonly sequence: number;
  readonly address: number;
  readonly text: string;
  /** Entries with the same number came in one batch. */
  readonly unit: number;
}

/**
 * What a durable log must be able to answer: every entry that was appended, how far acknowledgements went, and how far
 * truncations and iterators may and must have come. A crash may fall anywhere between "must" and "may".
 */
export class LogModel {
  entries: Appended[] = [];
  acknowledged = 0;
  /** What the last crash took, none of it acknowledged. */
  lost: Appended[] = [];
  readonly begin = { must: 0, may: 0 };
  readonly iterators = new Map<string, { must: number; may: number }>();
  #units = 0;
  #texts = 0;

  /** A text that no other entry has, of so many bytes if they are enough. */
  text(bytes: number): string {
    return `${++this.#texts}:`.padEnd(bytes, "x");
  }

  append(log: DurableLog, text: string): number {
    const sequence = this.#nextSequence();
    const address = log.append(Buffer.from(text));
    this.entries.push({ sequence, address, text, unit: ++this.#units });
    return address;
  }

  batch(log: DurableLog, texts: readonly string[]): void {
    let sequence = this.#nextSequence();
    let address = log.appendBatch(texts.map((text) => Buffer.from(text)));
    this.#units++;
    for (const text of texts) {
      this.entries.push({ sequence: sequence++, address, text, unit: this.#units });
      address += 20 + Math.ceil(Buffer.byteLength(text) / 4) * 4;
    }
  }

  async commit(log: DurableLog): Promise<void> {
    const appended = this.entries.at(-1)?.sequence ?? 0;
    const moved = [...this.iterators.values()].map((position) => ({ position, may: position.may }));
    await log.commit();
    this.acknowledged = Math.max(this.acknowledged, appended);
    for (const { position, may } of moved) position.must = Math.max(position.must, may);
  }

  async waitForCommit(log: DurableLog, index: number): Promise<void> {
    const entry = this.entries[index];
    if (entry === undefined) return;
    await log.waitForCommit(entry.address);
    this.acknowledged = Math.max(this.acknowledged, entry.sequence);
  }

  /** Truncates before an entry that was appended. */
  async truncate(log: DurableLog, index: number): Promise<void> {
    const address = this.entries[index]?.address ?? 0;
    if (address > log.committed) return;
    this.begin.may = Math.max(this.begin.may, address);
    const begin = await log.truncateBefore(address);
    this.begin.must = Math.max(this.begin.must, begin);
  }

  /** Completes what an iterator finds up to an entry. */
  complete(log: DurableLog, name: string, index: number): void {
    const next = this.entries[index + 1]?.address ?? log.tail;
    const position = this.iterators.get(name) ?? { must: 0, may: 0 };
    this.iterators.set(name, position);
    const iterator = log.iterator(name);
    position.may = Math.max(position.may, log.begin);
    if (next <= iterator.position) return;
    iterator.complete({ end: next });
    position.may = Math.max(position.may, Math.min(next, log.committed));
  }

  /** Compares a log that was opened after a crash, and takes what it found for the truth from there on. */
  async check(log: DurableLog): Promise<void> {
    const { entries, nextSequence: next, iterators } = log.stats();
    const last = next - 1;
    const found: Pick<Appended, "sequence" | "address" | "text">[] = [];
    for await (const { sequence, address, payload } of log.scan()) {
      found.push({ sequence, address, text: Buffer.from(payload).toString() });
    }
    const expected = this.entries.filter(({ sequence }) => sequence >= next - entries && sequence < next);
    if (!sameEntries(found, expected)) throw new Error(`found ${show(found)}, but appended were ${show(expected)}`);
    if (found.length !== entries) throw new Error(`${found.length} entries were found of ${entries}`);
    if (last < this.acknowledged)
      throw new Error(`entry ${this.acknowledged} was acknowledged, but ${last} is the last`);
    const [end, behind] = [last, next].map((sequence) => this.entries.find((entry) => entry.sequence === sequence));
    if (end !== undefined && end.unit === behind?.unit) throw new Error(`a batch was cut behind entry ${last}`);
    const inRange = (what: string, at: number, { must, may }: { must: number; may: number }) => {
      if (at < must || at > may) throw new Error(`${what} is at ${at}, not from ${must} to ${may}`);
    };
    inRange("the begin", log.begin, this.begin);
    Object.assign(this.begin, { must: log.begin, may: log.begin });
    for (const [name, position] of this.iterators) {
      const at = iterators.get(name) ?? log.begin;
      position.may = Math.max(position.may, log.begin);
      inRange(`iterator ${name}`, at, position);
      Object.assign(position, { must: at, may: at });
    }
    this.lost = this.entries.filter(({ sequence }) => sequence >= next);
    this.entries = this.entries.filter(({ sequence }) => sequence < next);
    this.acknowledged = last;
  }

  #nextSequence(): number {
    return (this.entries.at(-1)?.sequence ?? 0) + 1;
  }
}

function sameEntries(a: readonly Pick<Appended, "sequence" | "address" | "text">[], b: typeof a): boolean {
  return (
    a.length === b.length &&
    a.every((one, index) => {
      const other = b[index];
      return one.sequence === other?.sequence && one.address === other.address && one.text === other.text;
    })
  );
}

function show(entries: readonly { sequence: number; address: number; text: string }[]): string {
  const [first, last] = [entries[0], entries.at(-1)];
  const name = (entry = first) =>
    entry === undefined ? "none" : `${entry.sequence}@${entry.address} ${entry.text.slice(0, 12)}`;
  return `${entries.length} entries: ${name()} … ${name(last)}`;
}

export async function openOn(files: FileSystem, options: LogOptions = {}): Promise<DurableLog> {
  return openLog("/log", {
    files,
    identity: 7,
    windowMs: false,
    segmentBytes: 8_192,
    bufferBytes: 2 ** 16,
    ...options,
  });
}
