import { SoloError } from "../../api/index.ts";
import type { LogEntry } from "./messages.ts";
import type { AgentStore } from "./store.ts";

export interface Acknowledgement {
  /** Entries that this is the first to cover. */
  readonly count: number;
  /** Every entry up to this one is kept. */
  readonly sequence: number;
  readonly position: number;
}

export interface LogIntakeOptions {
  readonly store: AgentStore;
  readonly onKept: () => void;
  readonly onRefused: (sequence: number, error: SoloError) => void;
}

interface Append {
  readonly sequence: number;
  readonly count: number;
  position: number | undefined;
}

/** Takes an agent's log entries in order: many on their way to the disk at once, acknowledged without a gap. */
export class LogIntake {
  readonly #options: LogIntakeOptions;
  readonly #underWay: Append[] = [];
  /** The highest sequence that was handed on. */
  #taken: number;
  /** The highest that is on the disk, and up to which there is no gap. */
  #written: number;
  #kept: number;
  #position = 0;
  #unacknowledged = 0;
  #isAckDue = false;
  /** Entries that could not be kept, though some behind them were on their way already. The agent sends them again. */
  readonly #missing = new Set<number>();
  #refusal: { readonly sequence: number; readonly error: SoloError } | undefined;

  /** @param sequence of the last entry that is kept already */
  constructor(sequence: number, options: LogIntakeOptions) {
    this.#taken = this.#written = this.#kept = sequence;
    this.#options = options;
  }

  /** The highest sequence that was handed on. */
  get taken(): number {
    return this.#taken;
  }

  take(entries: readonly LogEntry[]): void {
    const first = entries[0]?.sequence ?? 0;
    if (this.#refusal !== undefined && first > this.#refusal.sequence) {
      this.#options.onRefused(this.#refusal.sequence, this.#refusal.error);
      return;
    }
    this.#refusal = undefined;
    const fresh = entries.filter(({ sequence }) => sequence > this.#taken || this.#missing.has(sequence));
    if (fresh.length > 0) this.#append(fresh);
    else if ((entries.at(-1)?.sequence ?? 0) <= this.#kept) this.#acknowledge();
  }

  /** A checkpoint makes the log up to `sequence` superfluous, and with it entries that it had no room for. */
  checkpointed(sequence: number): void {
    this.#refusal = undefined;
    for (const missing of this.#missing) if (missing <= sequence) this.#missing.delete(missing);
  }

  /** What has to be told to the agent; undefined when it knows all there is. */
  acknowledgement(): Acknowledgement | undefined {
    if (!this.#isAckDue) return undefined;
    this.#isAckDue = false;
    const count = this.#unacknowledged;
    this.#unacknowledged = 0;
    return { count, sequence: this.#kept, position: this.#position };
  }

  #append(entries: readonly LogEntry[]): void {
    const append: Append = { sequence: entries.at(-1)?.sequence ?? 0, count: entries.length, position: undefined };
    this.#taken = Math.max(this.#taken, append.sequence);
    this.#underWay.push(append);
    this.#options.store.append(entries).then(
      ({ position }) => {
        append.position = position;
        for (const { sequence } of entries) this.#missing.delete(sequence);
        this.#advance();
      },
      (error: unknown) => this.#refuse(append, entries, SoloError.from(error)),
    );
  }

  #advance(): void {
    for (let first = this.#underWay[0]; first?.position !== undefined; first = this.#underWay[0]) {
      this.#underWay.shift();
      this.#written = Math.max(this.#written, first.sequence);
      this.#position = Math.max(this.#position, first.position);
      this.#unacknowledged += first.count;
    }
    const kept = this.#missing.size === 0 ? this.#written : Math.min(this.#written, Math.min(...this.#missing) - 1);
    if (kept <= this.#kept) return;
    this.#kept = kept;
    this.#acknowledge();
  }

  #acknowledge(): void {
    this.#isAckDue = true;
    this.#options.onKept();
  }

  #refuse(append: Append, entries: readonly LogEntry[], error: SoloError): void {
    this.#underWay.splice(this.#underWay.indexOf(append), 1);
    for (const { sequence } of entries) this.#missing.add(sequence);
    const sequence = Math.min(...this.#missing);
    this.#refusal = { sequence, error };
    this.#options.onRefused(sequence, error);
    this.#advance();
  }
}
