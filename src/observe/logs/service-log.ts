import { type ServiceRef, serviceKey } from "../../api/index.ts";
import type { Clock } from "../../system/index.ts";
import { formatRecord } from "./record.ts";
import type { SegmentWriter } from "./segment-writer.ts";

export interface ServiceLogHooks {
  /** The log got longer or shorter. */
  onChange(log: ServiceLog): void;
  /** It can't be written, and why; `null` when it can again. */
  onProblem(log: ServiceLog, problem: string | null): void;
}

interface Failure {
  readonly code: string;
  lines: number;
  bytes: number;
  retryAt: number;
}

/**
 * One service's log as its captures see it. While the disk refuses to take more (it is full, for one) lines are dropped and
 * counted, so that the service never blocks on its own output; the first write that works again leaves a line saying so.
 */
export class ServiceLog {
  readonly ref: ServiceRef;
  readonly key: string;
  readonly writer: SegmentWriter;
  readonly #clock: Clock;
  readonly #hooks: ServiceLogHooks;
  #failure: Failure | undefined;

  constructor(ref: ServiceRef, writer: SegmentWriter, clock: Clock, hooks: ServiceLogHooks) {
    this.ref = ref;
    this.key = serviceKey(ref);
    this.writer = writer;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** Whether it is worth while to prepare records now. */
  get accepts(): boolean {
    return this.#failure === undefined || this.#clock.monotonic() >= this.#failure.retryAt;
  }

  /** Writes whole records. False when the disk does not take them: tell {@link lose} then what they were. */
  append(records: Uint8Array): boolean {
    if (!this.accepts || !this.#recover()) return false;
    const written = this.#write(records);
    if (written) this.#hooks.onChange(this);
    return written;
  }

  /** Counts what could not be kept. */
  lose(lines: number, bytes: number): void {
    if (this.#failure === undefined) return;
    this.#failure.lines += lines;
    this.#failure.bytes += bytes;
  }

  /** Leaves the mark of the gap, if there is one. False when the disk still refuses. */
  #recover(): boolean {
    const failure = this.#failure;
    if (failure === undefined) return true;
    const { code, lines, bytes } = failure;
    const mark = `[solo] ${lines} lines (${bytes} bytes) were dropped: the log could not be written (${code})`;
    if (!this.#write(formatRecord(this.#clock.now(), kernelInstance, "stderr", "F", mark))) return false;
    this.#failure = undefined;
    this.#hooks.onProblem(this, null);
    return true;
  }

  #write(records: Uint8Array): boolean {
    try {
      this.writer.append(records);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof Error && "code" in error && typeof error.code === "string")) throw error;
    const retryAt = this.#clock.monotonic() + retryPauseMs;
    if (this.#failure !== undefined) {
      this.#failure.retryAt = retryAt;
      return;
    }
    this.#failure = { code: error.code, lines: 0, bytes: 0, retryAt };
    this.#hooks.onProblem(this, `the log of ${this.key} can't be written, its lines are dropped: ${error.message}`);
  }
}

/** The instance that lines of the log's own are written under. */
export const kernelInstance = "solo";
/** Between two attempts to write again: trying is cheap, but not free for each chunk of a flood. */
const retryPauseMs = 1_000;
