import type { Socket } from "bun";
import type { SoloError } from "../../api/error.ts";
import { toFrame } from "../../api/frames/index.ts";
import { pack } from "../../api/message-pack.ts";
import { stateFrameBytes } from "../../api/state-channel.ts";

type Message = readonly [sequence: number, error: unknown, output: unknown];

/** Sends answers, those of one turn of the event loop together. */
export class AnswerQueue {
  readonly #socket: Pick<Socket<unknown>, "write">;
  readonly #onRoom: () => void;
  #messages: Message[] = [];
  #isDue = false;
  /** Frames that the socket hasn't taken, the first perhaps in part. */
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #waiting: (() => void)[] = [];
  #isClosed = false;

  /** @param onRoom called when bytes left */
  constructor(socket: Pick<Socket<unknown>, "write">, onRoom: () => void) {
    this.#socket = socket;
    this.#onRoom = onRoom;
  }

  /** Bytes that wait for the host to read. */
  get bytes(): number {
    return this.#unsentBytes;
  }

  add(sequence: number, error: SoloError | null, output: unknown): void {
    if (this.#isClosed) return;
    this.#messages.push([sequence, error && errorParts(error), output]);
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#encode());
  }

  drain(): void {
    while (this.#unsent.length > 0) {
      const [first] = this.#unsent;
      if (first === undefined) break;
      const written = Math.max(0, this.#socket.write(first));
      this.#unsentBytes -= written;
      if (written < first.length) {
        this.#unsent[0] = first.subarray(written);
        return;
      }
      this.#unsent.shift();
    }
    for (const wake of this.#waiting.splice(0)) wake();
    this.#onRoom();
  }

  /** Resolves when everything was handed to the socket, or it closed. */
  sent(): Promise<void> {
    if (this.#isClosed || (this.#unsent.length === 0 && this.#messages.length === 0)) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  close(): void {
    this.#isClosed = true;
    this.#messages = [];
    this.#unsent = [];
    this.#unsentBytes = 0;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #encode(): void {
    this.#isDue = false;
    const messages = this.#messages;
    this.#messages = [];
    for (let from = 0; from < messages.length; ) {
      const to = endOfFrame(messages, from);
      const frame = toFrame(pack(from === 0 && to === messages.length ? messages : messages.slice(from, to)));
      this.#unsent.push(frame);
      this.#unsentBytes += frame.length;
      from = to;
    }
    this.drain();
  }
}

/** So many messages that their frame is of a good size; one alone may be larger. */
function endOfFrame(messages: readonly Message[], from: number): number {
  let bytes = 0;
  let to = from;
  while (to < messages.length && (to === from || bytes < stateFrameBytes)) {
    bytes += sizeOf(messages[to]?.[2]);
    to++;
  }
  return bytes > stateFrameBytes && to > from + 1 ? to - 1 : to;
}

/** Roughly what a value takes: bytes and texts count, and what lists hold. */
function sizeOf(value: unknown): number {
  if (value instanceof Uint8Array || typeof value === "string") return 8 + value.length;
  if (!Array.isArray(value)) return 8;
  let bytes = 8;
  for (const member of value) bytes += sizeOf(member);
  return bytes;
}

function errorParts({ code, message, hint, applied, details }: SoloError): unknown[] {
  return [code, message, hint, applied, details ?? null];
}
