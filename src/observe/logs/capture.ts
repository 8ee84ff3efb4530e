import { closeSync } from "node:fs";
import { openFifoReader, pipeCapacity, readableBytes, readInto, type Watch } from "../../system/index.ts";
import { frame, type LineState } from "./frame.ts";
import type { Intake } from "./intake.ts";
import { formatRecord, newline, recordHead, type Stream } from "./record.ts";
import { type LogRedaction, type LogRedactor, nothingHeld } from "./redaction.ts";
import type { ServiceLog } from "./service-log.ts";
import { chunkBytes, encodeIdentity } from "./staging.ts";

/** One stream of one instance, on its way from a FIFO into the log. */
export interface LogCapture {
  /**
   * Resolves when every writer has gone and all that they wrote is in the log, or after `deadlineMs`, when a process that
   * outlived the instance still holds the FIFO open. Ends an unfinished last line either way.
   */
  drained(deadlineMs: number): Promise<void>;
  /** Stops reading. What is in the FIFO stays there for the next reader; what was read is in the log already. */
  close(): void;
}

export interface CaptureSource {
  readonly instance: string;
  readonly stream: Stream;
  /** Path of the FIFO. */
  readonly fifo: string;
  /** Names this capture to the kernel after the next, see `staging.ts`. */
  readonly identity: string;
  /** Called for a chunk that tells of a refusal by the system. */
  readonly onDenied?: (() => void) | undefined;
}

/** Reads whatever the FIFO offers and writes it to the log at once: nothing stays in memory between two chunks. */
export class Capture implements LogCapture {
  readonly #intake: Intake;
  readonly #log: ServiceLog;
  readonly #source: CaptureSource;
  readonly #identity: Buffer;
  readonly #fd: number;
  readonly #redaction: LogRedaction | undefined;
  readonly #ended = Promise.withResolvers<void>();
  #watch: Watch | undefined;
  #capacity: number;
  #enlarged = false;
  #state: LineState = "unknown";
  /** Read, and not in the log: it may be the beginning of a secret. */
  #held = nothingHeld;
  /** An unfinished line is in the log whose rest was dropped. */
  #torn = false;
  #head: Buffer = Buffer.alloc(0);
  #headMs = Number.NaN;
  #closed = false;
  /** Every writer has gone. */
  #isOver = false;

  constructor(intake: Intake, log: ServiceLog, source: CaptureSource, redaction?: LogRedaction) {
    this.#intake = intake;
    this.#log = log;
    this.#source = source;
    this.#redaction = redaction;
    this.#held = redaction?.held(source.instance, source.stream) ?? nothingHeld;
    this.#identity = encodeIdentity(source.identity);
    this.#fd = openFifoReader(source.fifo);
    this.#capacity = pipeCapacity(this.#fd);
    // Without a writer this is a fresh FIFO; with one, a former kernel may have left a line unfinished.
    if (this.#take(chunkBytes) === "closed") this.#state = "closed";
    this.#watch = intake.poller.watch(this.#fd, () => this.#turn());
  }

  async drained(deadlineMs: number): Promise<void> {
    const { clock } = this.#intake;
    const deadline = clock.monotonic() + deadlineMs;
    while (!this.#closed && clock.monotonic() < deadline) {
      const taken = this.#take(chunkBytes);
      if (taken === "closed") break;
      if (taken === "empty") {
        await within(this.#ended.promise, Math.min(deadline - clock.monotonic(), endCheckMs));
      } else await nextTurn();
    }
    if (!this.#closed) this.#finishLine();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch?.close();
    closeSync(this.#fd);
    if (this.#enlarged) this.#intake.shrunk();
    this.#ended.resolve();
  }

  /** One turn: takes what is there, up to a bound, as far as the allowance of all captures goes. */
  #turn(): void {
    if (this.#closed || this.#isOver) return;
    const outcome = this.#takeTurn();
    if (outcome === "over") this.#end();
    else if (outcome === "done") this.#watch ??= this.#intake.poller.watch(this.#fd, () => this.#turn());
    else if (outcome === "more" && this.#watch) this.#intake.poller.hurry();
    else this.#wait();
  }

  #takeTurn(): "over" | "done" | "more" | "throttled" {
    for (let left = turnBytes; left > 0; ) {
      if (!this.#intake.throttle.open) return "throttled";
      const waiting = readableBytes(this.#fd);
      const taken = this.#take(Math.min(left, chunkBytes));
      if (typeof taken === "string") return taken === "closed" ? "over" : "done";
      left -= taken;
      // A full pipe has a writer that waits for room.
      if (waiting * 2 >= this.#capacity) this.#enlarge();
      else if (taken === waiting) return "done";
    }
    return "more";
  }

  #wait(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#intake.defer(() => this.#turn());
  }

  /** Moves one chunk from the FIFO into the log. */
  #take(limit: number): number | "empty" | "closed" {
    const { staging, clock, throttle } = this.#intake;
    const redactor = this.#redaction?.of(this.#log.ref);
    if (redactor !== undefined || this.#held.length > 0) return this.#takeRedacted(limit, redactor);
    const bytes = Math.max(1, Math.min(readableBytes(this.#fd), limit));
    const timeMs = clock.now();
    staging.begin(this.#identity, this.#state, this.#log.writer.end, timeMs, bytes);
    const taken = readInto(this.#fd, staging.chunk, 0, bytes);
    if (typeof taken === "number") {
      throttle.spend(this.#keep(staging.chunk, taken, timeMs));
      this.#lookForDenials(staging.chunk.subarray(0, taken));
    }
    staging.end();
    return taken;
  }

  /** The same for a service with secrets: behind what was held back, and but for what is held back now. */
  #takeRedacted(limit: number, redactor: LogRedactor | undefined): number | "empty" | "closed" {
    const { staging, clock, throttle } = this.#intake;
    const { chunk } = staging;
    const kept = this.#held.length;
    const bytes = Math.max(1, Math.min(readableBytes(this.#fd), limit, chunk.length - kept));
    const timeMs = clock.now();
    this.#held.copy(chunk);
    staging.begin(this.#identity, this.#state, this.#log.writer.end, timeMs, kept + bytes, kept);
    const taken = readInto(this.#fd, chunk, kept, bytes);
    if (typeof taken === "number") {
      const end = kept + taken;
      const input = chunk.subarray(0, end);
      const { clean, held, found } = redactor?.redact(input) ?? { clean: input, held: 0, found: true };
      throttle.spend(this.#keep(clean, clean.length, timeMs));
      this.#lookForDenials(clean);
      this.#hold(held === 0 ? nothingHeld : Buffer.from(chunk.subarray(end - held, end)));
      // The chunk lies in a file.
      if (found || held > 0) chunk.fill(0, 0, end);
    }
    if (kept > 0) chunk.fill(0, 0, kept);
    staging.end();
    return taken;
  }

  #lookForDenials(chunk: Buffer): void {
    const { onDenied } = this.#source;
    if (onDenied !== undefined && tellsOfDenial(chunk)) onDenied();
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0 && this.#held.length === 0) return;
    this.#held = bytes;
    this.#redaction?.hold(this.#source.instance, this.#source.stream, bytes);
  }

  /** What was held back will not be completed any more. */
  #letGo(): void {
    if (this.#held.length === 0) return;
    const clean = this.#redaction?.of(this.#log.ref)?.redact(this.#held, true).clean ?? this.#held;
    this.#hold(nothingHeld);
    this.#keep(clean, clean.length, this.#intake.clock.now());
  }

  /** Writes a chunk to the log, or counts it as lost. Returns what it cost of the allowance, in bytes. */
  #keep(chunk: Buffer, bytes: number, timeMs: number): number {
    if (timeMs !== this.#headMs) {
      this.#headMs = timeMs;
      this.#head = recordHead(timeMs, this.#source.instance, this.#source.stream);
    }
    const { output } = this.#intake;
    let cost = 0;
    for (let from = 0; from < bytes; ) {
      if (!this.#log.accepts || !this.#mend(timeMs)) return cost + this.#lose(chunk, from, bytes);
      const room = Math.min(output.length, this.#log.writer.segmentBytes);
      const framed = frame(chunk, from, bytes, this.#head, this.#state, output.subarray(0, room));
      if (!this.#log.append(output.subarray(0, framed.produced))) return cost + this.#lose(chunk, from, bytes);
      this.#state = framed.state;
      from += framed.consumed;
      cost += framed.produced;
    }
    return cost;
  }

  #lose(chunk: Buffer, from: number, bytes: number): number {
    let lines = 0;
    for (let at = chunk.indexOf(newline, from); at >= 0 && at < bytes; at = chunk.indexOf(newline, at + 1)) lines += 1;
    this.#log.lose(lines, bytes - from);
    this.#torn ||= this.#state !== "closed";
    this.#state = "closed";
    return bytes - from;
  }

  /** After a loss: ends the line whose rest is missing, so that what comes is not taken for it. */
  #mend(timeMs: number): boolean {
    if (!this.#torn) return true;
    const { instance, stream } = this.#source;
    if (!this.#log.append(formatRecord(timeMs, instance, stream, "E", ""))) return false;
    this.#torn = false;
    return true;
  }

  #end(): void {
    this.#isOver = true;
    this.#watch?.close();
    this.#finishLine();
    this.#ended.resolve();
  }

  #finishLine(): void {
    this.#letGo();
    if (this.#state === "closed") return;
    this.#torn = true;
    this.#state = "closed";
    this.#mend(this.#intake.clock.now());
  }

  #enlarge(): void {
    if (this.#enlarged) return;
    this.#enlarged = this.#intake.enlarge(this.#fd);
    if (this.#enlarged) this.#capacity = pipeCapacity(this.#fd);
  }
}

/** Takes some 7 µs for 64 KiB. */
function tellsOfDenial(chunk: Buffer): boolean {
  return denials.some((words) => chunk.includes(words));
}

/** The system's names of refusals, as programs and the C library's strerror(3) write them. */
const denials = ["EACCES", "EPERM", "ermission denied", "peration not permitted"].map((words) => Buffer.from(words));

/** Writes a chunk that a former kernel had read from a FIFO but not logged. */
export function keepInterrupted(
  log: ServiceLog,
  instance: string,
  stream: Stream,
  chunk: { readonly bytes: Buffer; readonly state: LineState; readonly timeMs: number },
  redaction?: LogRedaction,
): void {
  const whole = { clean: chunk.bytes, held: 0 };
  const { clean, held } = redaction?.of(log.ref)?.redact(chunk.bytes) ?? whole;
  redaction?.hold(instance, stream, chunk.bytes.subarray(chunk.bytes.length - held));
  const output = Buffer.alloc(log.writer.segmentBytes);
  const head = recordHead(chunk.timeMs, instance, stream);
  let state = chunk.state;
  for (let from = 0; from < clean.length; ) {
    const framed = frame(clean, from, clean.length, head, state, output);
    if (!log.append(output.subarray(0, framed.produced))) return;
    state = framed.state;
    from += framed.consumed;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function within(promise: Promise<void>, ms: number): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, Math.max(0, ms));
  await Promise.race([promise, timer.promise]);
  clearTimeout(timeout);
}

/** Read from one FIFO in one turn: a quarter of a millisecond's work. */
const turnBytes = 262_144;
/** How often `drained` looks for itself: a FIFO that was adopted without writers tells nobody that it has none. */
const endCheckMs = 20;
