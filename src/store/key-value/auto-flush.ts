import { StoreError } from "../error.ts";
import type { Engine } from "./engine.ts";

/** When the store brings pages to disk by itself. What isn't given isn't a reason. */
export interface FlushTriggers {
  /** How often it looks, in milliseconds, 10 to 60,000; 100 by default. */
  readonly intervalMs?: number;
  /** Whole pages further behind the tail than this many bytes are written. */
  readonly lagBytes?: number;
  /** What has waited this long, in milliseconds, is committed. */
  readonly ageMs?: number;
  /** Pages are written when this much of the memory, 1 to 100 percent, is taken by what is in it. */
  readonly pressurePercent?: number;
}

/** How often each reason has led to a flush. */
export interface AutoFlushMetrics {
  runs: number;
  byLag: number;
  byAge: number;
  byPressure: number;
}

/** Flushes in the background. Its failures poison the store, so that the next write tells of them. */
export class AutoFlush {
  readonly metrics: AutoFlushMetrics = { runs: 0, byLag: 0, byAge: 0, byPressure: 0 };
  readonly #engine: Engine;
  readonly #triggers: FlushTriggers;
  readonly #now: () => number;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Since when there has been something to commit. */
  #dirtySince: number | undefined;

  constructor(engine: Engine, triggers: FlushTriggers, now: () => number) {
    this.#engine = engine;
    this.#triggers = triggers;
    this.#now = now;
    this.#timer = setInterval(() => this.look(), triggers.intervalMs ?? 100);
    this.#timer.unref();
  }

  /** Looks once. */
  look(): void {
    const { flusher, memory } = this.#engine;
    if (flusher.failure !== undefined || this.#engine.closed) return;
    this.metrics.runs++;
    const { lagBytes, ageMs, pressurePercent } = this.#triggers;
    if (lagBytes !== undefined && this.#flush(memory.tail - Math.floor(lagBytes / 8))) this.metrics.byLag++;
    // Of the memory, not of the log: a log larger than memory would be under pressure for ever.
    const used = memory.tail - Math.max(memory.head, memory.begin);
    const isFull =
      pressurePercent !== undefined && used * 100 > memory.pages * memory.geometry.pageUnits * pressurePercent;
    if (isFull && this.#flush(memory.tail)) this.metrics.byPressure++;
    this.#dirtySince = flusher.isDirty ? (this.#dirtySince ?? this.#now()) : undefined;
    if (ageMs === undefined || this.#dirtySince === undefined || this.#now() - this.#dirtySince < ageMs) return;
    this.#dirtySince = undefined;
    this.metrics.byAge++;
    this.#engine.commitInBackground();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Whether there was a whole page to write below an address. */
  #flush(below: number): boolean {
    const { flusher, memory } = this.#engine;
    const { pageUnits } = memory.geometry;
    if (Math.floor(below / pageUnits) * pageUnits <= flusher.written) return false;
    flusher.flushBelow(below);
    return true;
  }
}

/** Throws when a trigger can't be meant. */
export function checkTriggers({
  intervalMs = 100,
  pressurePercent = 100,
  lagBytes = 0,
  ageMs = 0,
}: FlushTriggers): void {
  if (!(intervalMs >= 10 && intervalMs <= 60_000)) throw invalid(`intervalMs ${intervalMs} isn't from 10 to 60000`);
  if (!(pressurePercent >= 1 && pressurePercent <= 100))
    throw invalid(`pressurePercent ${pressurePercent} isn't from 1 to 100`);
  if (!(lagBytes >= 0) || !(ageMs >= 0)) throw invalid("lagBytes and ageMs can't be negative");
}

function invalid(message: string): StoreError {
  return new StoreError("invalid_argument", message);
}
