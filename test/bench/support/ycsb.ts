export type Distribution = "zipfian" | "uniform";

/** The keys and choices of the Yahoo Cloud Serving Benchmark (Cooper et al., SoCC 2010), drawn ahead of the measuring. */
export interface Workload {
  readonly distribution: Distribution;
  readonly keys: Keys;
  /** Which key each operation takes. */
  readonly picks: Uint32Array;
  /** 0–99 for each operation: below the share of writes it writes. */
  readonly dice: Uint8Array;
}

/** Share of writes in percent; in F a write reads first. */
export const writeShare = { A: 50, B: 5, C: 0, F: 50 } as const;

/** Bytes of a key. */
export const keyBytes = 24;

/** A key's text and number fit into a float together. */
const maxKeys = 2 ** 20;

/**
 * Keys as text. Each is made when it is asked for: a table of a million texts that is read in random order would measure how
 * fast the processor fetches texts, half the time of a read, where a program asks for a key that it has just received.
 */
export class Keys {
  readonly count: number;
  readonly #bytes: Buffer;

  /** @param count at most {@link maxKeys} */
  constructor(count: number) {
    this.count = count;
    this.#bytes = Buffer.alloc(count * keyBytes);
    for (let index = 0; index < count; index++) {
      this.#bytes.write(`user${String(scatter(index)).padStart(keyBytes - 4, "0")}`, index * keyBytes, "latin1");
    }
  }

  /** The text of a key, in one piece. */
  at(index: number): string {
    return this.#bytes.toString("latin1", index * keyBytes, (index + 1) * keyBytes);
  }

  /** The numbers of the keys from one on, in the order of their texts. */
  sortedFrom(first: number): Uint32Array {
    const pairs = new Float64Array(this.count - first);
    for (let at = 0; at < pairs.length; at++) pairs[at] = scatter(first + at) * maxKeys + first + at;
    return Uint32Array.from(pairs.sort(), (pair) => pair % maxKeys);
  }

  *[Symbol.iterator](): Generator<string> {
    for (let index = 0; index < this.count; index++) yield this.at(index);
  }
}

export function workload(keys: Keys, operations: number, distribution: Distribution): Workload {
  const { count } = keys;
  const draw = distribution === "zipfian" ? zipfian(count) : () => Math.floor(Math.random() * count);
  const picks = new Uint32Array(operations);
  const dice = new Uint8Array(operations);
  for (let index = 0; index < operations; index++) {
    picks[index] = scatter(draw()) % count;
    dice[index] = Math.random() * 100;
  }
  return { distribution, keys, picks, dice };
}

/** Spreads neighbours over all keys, as YCSB does. */
function scatter(index: number): number {
  return Math.imul(index + 1, 2_654_435_761) >>> 0;
}

/** Gray et al., "Quickly generating billion-record synthetic databases", SIGMOD 1994; with YCSB's constant 0.99. */
function zipfian(records: number, theta = 0.99): () => number {
  let zeta = 0;
  for (let rank = 1; rank <= records; rank++) zeta += 1 / rank ** theta;
  const alpha = 1 / (1 - theta);
  const eta = (1 - (2 / records) ** (1 - theta)) / (1 - (1 + 0.5 ** theta) / zeta);
  return () => {
    const u = Math.random();
    if (u * zeta < 1) return 0;
    if (u * zeta < 1 + 0.5 ** theta) return 1;
    return Math.min(records - 1, Math.floor(records * (eta * u - eta + 1) ** alpha));
  };
}
