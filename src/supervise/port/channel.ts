import { closeSync } from "node:fs";
import { MessageReader, type MessageSink, toFrames } from "../../api/frames/index.ts";
import { pack } from "../../api/message-pack.ts";
import {
  type Clock,
  openFifoBoth,
  openFifoReader,
  type Poller,
  pipeAtomicBytes,
  pipeCapacity,
  readableBytes,
  readInto,
  resizePipe,
  type Watch,
} from "../../system/index.ts";
import type { LogCapture } from "../runtime.ts";
import { MarkFinder, markOf } from "./mark.ts";
import { Outbox } from "./outbox.ts";

export interface ChannelSink extends MessageSink {
  /** The agent's mark has come: what follows are frames. */
  marked(): void;
  /** Everything sent so far lies in the pipe. */
  flushed(): void;
}

export interface ChannelOptions {
  readonly poller: Poller;
  readonly clock: Clock;
  /** FIFO of the agent's standard input. */
  readonly input: string;
  /** FIFO of the agent's standard output. */
  readonly output: string;
  readonly sink: ChannelSink;
}

/**
 * Both directions of one agent's stream. Out: messages as frames. In: whatever lies before the mark that was asked for is
 * skipped, the rest is read as messages. What is not read stays in the FIFO for the next kernel.
 */
export class PortChannel implements LogCapture {
  readonly #options: ChannelOptions;
  readonly #reader: MessageReader;
  readonly #outbox: Outbox;
  readonly #input: number;
  readonly #output: number;
  readonly #pipes: Pipes;
  #finder: MarkFinder | undefined;
  #watch: Watch | undefined;
  #eager: ReturnType<typeof setTimeout> | undefined;
  #eagerUntil = 0;
  #messages = 0;
  #isOver = false;
  #closed = false;
  readonly #ended = Promise.withResolvers<void>();

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#reader = new MessageReader({ reserve, release });
    this.#output = openFifoReader(options.output);
    try {
      // Also for reading: whether the agent lives is seen from its process, and a write to a dead one must not fail.
      this.#input = openFifoBoth(options.input, { waits: false });
    } catch (error) {
      closeSync(this.#output);
      throw error;
    }
    this.#pipes = new Pipes();
    this.#outbox = new Outbox(this.#input, () => options.sink.flushed());
    this.#watch = options.poller.watch(this.#output, () => this.#turn());
  }

  /** Bytes that wait for the agent to read them. */
  get waitingBytes(): number {
    return this.#outbox.waitingBytes;
  }

  /** From here on, everything is skipped up to the mark of this session. */
  seek(session: Uint8Array): void {
    this.#reader.reset();
    this.#finder = new MarkFinder(markOf(session));
  }

  send(message: Readonly<Record<string, unknown>>): void {
    this.sendParts([pack(message)]);
  }

  /**
   * Sends a message that is packed already, in parts.
   * @param frameBytes longest payload of a frame; by default what a pipe takes whole or not at all
   */
  sendParts(parts: readonly Uint8Array[], frameBytes: number = atomicPayload): void {
    if (this.#closed) return;
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytes > usualPipeBytes) this.#pipes.enlarge(this.#input);
    this.#messages += 1;
    const frames = toFrames(parts, { id: this.#messages % idLimit, frameBytes });
    this.#outbox.add(frames, bytes);
  }

  /** Something is expected soon: looks more often for so many milliseconds than the poller would. */
  expect(forMs: number = eagerMs): void {
    this.#eagerUntil = Math.max(this.#eagerUntil, this.#options.clock.monotonic() + forMs);
    this.#eager ??= setTimeout(() => this.#look(), eagerPauseMs);
  }

  /** Resolves when all that an ended agent wrote was read, or after `deadlineMs`. */
  async drained(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + deadlineMs;
    while (!this.#closed && !this.#isOver && clock.monotonic() < deadline) {
      if (this.#take() === "closed") break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#end();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch?.close();
    clearTimeout(this.#eager);
    this.#outbox.close();
    this.#reader.reset();
    this.#pipes.release();
    closeSync(this.#input);
    closeSync(this.#output);
    this.#ended.resolve();
  }

  #look(): void {
    this.#eager = undefined;
    this.#turn();
    if (this.#closed || this.#isOver || this.#options.clock.monotonic() > this.#eagerUntil) return;
    this.#eager = setTimeout(() => this.#look(), eagerPauseMs);
  }

  /** Takes what is there, up to a bound. */
  #turn(): void {
    if (this.#closed || this.#isOver) return;
    if (readableBytes(this.#output) * 2 >= usualPipeBytes) this.#pipes.enlarge(this.#output);
    for (let left = turnBytes; left > 0; ) {
      const taken = this.#take();
      if (taken === "closed") return void this.#end();
      if (taken === "empty" || this.#closed) return;
      left -= taken;
    }
    this.#options.poller.hurry();
  }

  #take(): number | "empty" | "closed" {
    const taken = readInto(this.#output, buffer);
    if (typeof taken !== "number") return taken;
    const bytes = buffer.subarray(0, taken);
    const { sink } = this.#options;
    const rest = this.#finder === undefined ? bytes : this.#finder.push(bytes);
    if (rest === undefined) return taken;
    if (this.#finder !== undefined) {
      this.#finder = undefined;
      sink.marked();
    }
    this.#reader.push(rest, sink);
    return taken;
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch?.close();
    this.#watch = undefined;
    this.#ended.resolve();
  }
}

/** Pipes that a channel has enlarged. Few may be: all of a user's pipes share an allowance (see `resizePipe`). */
class Pipes {
  readonly #enlarged = new Set<number>();

  enlarge(fd: number): void {
    if (this.#enlarged.has(fd) || enlargedPipes >= maxEnlarged) return;
    this.#enlarged.add(fd);
    enlargedPipes += 1;
    if (pipeCapacity(fd) < enlargedBytes) resizePipe(fd, enlargedBytes);
  }

  release(): void {
    enlargedPipes -= this.#enlarged.size;
    this.#enlarged.clear();
  }
}

let enlargedPipes = 0;
const maxEnlarged = 16;
const enlargedBytes = 1_048_576;
const usualPipeBytes = 65_536;

/** Unfinished messages of all agents together may hold so much of the kernel's memory. */
const unfinishedBytes = 268_435_456;
let unfinished = 0;

function reserve(bytes: number): boolean {
  if (unfinished + bytes > unfinishedBytes) return false;
  unfinished += bytes;
  return true;
}

function release(bytes: number): void {
  unfinished -= bytes;
}

/** Shared by all channels: what is read is taken in before the next read. */
const buffer = Buffer.alloc(262_144);
/** Read from one agent in one turn. */
const turnBytes = 524_288;
const atomicPayload = pipeAtomicBytes - 4;
const idLimit = 2 ** 32;
const eagerPauseMs = 1;
const eagerMs = 250;
