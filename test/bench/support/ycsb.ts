/** The keys and choices of the Yahoo Cloud Serving Benchmark (Cooper et al., SoCC 2010), drawn ahead of the measuring. */
export interface Workload {
  readonly keys: readonly string[];
  /** Which key each operation takes. */
  readonly picks: Uint32Array;
  /** 0–99 for each operation: below the share of writes it writes. */
  readonly dice: Uint8Array;
}

/** Share of writes in percent; in F a write reads first. */
export const writeShare = { A: 50, B: 5, C: 0, F: 50 } as const;

export function workload(records: number, operations: number, distribution: "zipfian" | "uniform"): Workload {
  const keys = Array.from({ length: records }, (_, index) => flat(`user${String(scatter(index)).padStart(20, "0")}`));
  const draw = distribution === "zipfian" ? zipfian(records) : () => Math.floor(Math.random() * records);
  const picks = new Uint32Array(operations);
  const dice = new Uint8Array(operations);
  for (let index = 0; index < operations; index++) {
    picks[index] = scatter(draw()) % records;
    dice[index] = Math.random() * 100;
  }
  return { keys, picks, dice };
}

/** Text that was put together is copied into one piece when it is first looked into: nobody's time but ours. */
function flat(text: string): string {
  text.charCodeAt(text.length - 1);
  return text;
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
