import { createHash } from "node:crypto";
import { z } from "zod";
import { type ServiceRef, serviceKey } from "../../api/index.ts";
import type { Hypothesis } from "../../supervise/index.ts";
import type { MetaStore } from "../database/index.ts";

/** A change that is on trial, in kernel.db: the next kernel sees it through. */
const recordSchema = z.object({
  /** Of the whole hypothesis. */
  digest: z.string(),
  /** Whether the agent has said that it runs; before that, whether it does is unknown. */
  taken: z.boolean(),
  /** The process that it is a change of. */
  instance: z.string(),
  pid: z.int(),
  target: z.string(),
  code_bytes: z.int(),
  /** Where to go back to. */
  checkpoint: z.string(),
  /** What the agent had measured before. */
  before: z.record(z.string(), z.number().nullable()),
});
export type TrialRecord = z.infer<typeof recordSchema>;

const prefix = "evolution/";

export function digestOf({ reason, target, new_code, expected_improvement }: Hypothesis): string {
  return createHash("sha256")
    .update(JSON.stringify([reason, target, new_code, expected_improvement]))
    .digest("hex");
}

/** The changes on trial, one for each service at most. */
export class TrialRecords {
  readonly #meta: MetaStore;

  constructor(meta: MetaStore) {
    this.#meta = meta;
  }

  get(ref: ServiceRef): TrialRecord | undefined {
    const text = this.#meta.get(prefix + serviceKey(ref));
    return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
  }

  save(ref: ServiceRef, record: TrialRecord): void {
    this.#meta.set(prefix + serviceKey(ref), JSON.stringify(record));
  }

  remove(ref: ServiceRef): void {
    this.#meta.remove(prefix + serviceKey(ref));
  }

  /** `tenant/name` of the services that have one. */
  services(): string[] {
    return this.#meta.keys(prefix).map((key) => key.slice(prefix.length));
  }
}
