import { writeFrom } from "../../system/index.ts";

/** Written in one turn of the event loop, in bytes: some milliseconds' work. */
const turnBytes = 1_048_576;
/** Pauses between looks at a pipe that is full. */
const firstPauseMs = 1;
const longestPauseMs = 50;

/** Frames of one message, made as they are needed, and how many bytes they are together. */
interface Queued {
  readonly frames: Iterator<Uint8Array>;
  readonly bytes: number;
}

/** Writes frames into a FIFO as fast as its reader takes them. */
export class Outbox {
  readonly #fd: number;
  readonly #queue: Queued[] = [];
  #frame: Uint8Array | undefined;
  #waitingBytes = 0;
  #pauseMs = firstPauseMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #closed = false;
  readonly #onDrained: () => void;

  /** @param onDrained called whenever nothing waits any more */
  constructor(fd: number, onDrained: () => void) {
    this.#fd = fd;
    this.#onDrained = onDrained;
  }

  /** Bytes of messages that were not written to their end. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  add(frames: Iterator<Uint8Array>, bytes: number): void {
    if (this.#closed) return;
    this.#queue.push({ frames, bytes });
    this.#waitingBytes += bytes;
    if (this.#timer === undefined && this.#immediate === undefined) this.#pump();
  }

  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#waitingBytes = 0;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #pump(): void {
    this.#timer = this.#immediate = undefined;
    for (let left = turnBytes; !this.#closed; ) {
      this.#frame ??= this.#next();
      if (this.#frame === undefined) return;
      if (left <= 0) {
        this.#immediate = setImmediate(() => this.#pump());
        return;
      }
      const written = writeFrom(this.#fd, this.#frame);
      if (written === "full") return void this.#wait();
      this.#pauseMs = firstPauseMs;
      left -= written;
      this.#frame = written < this.#frame.length ? this.#frame.subarray(written) : undefined;
    }
  }

  #next(): Uint8Array | undefined {
    for (let message = this.#queue[0]; message !== undefined; message = this.#queue[0]) {
      const { value, done } = message.frames.next();
      if (done !== true) return value;
      this.#queue.shift();
      this.#waitingBytes -= message.bytes;
      if (this.#queue.length === 0) this.#onDrained();
    }
    return undefined;
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#pump(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }
}
