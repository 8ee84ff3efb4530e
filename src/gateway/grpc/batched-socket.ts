import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/**
 * A connection as HTTP/2 is spoken on it. Bun's HTTP/2 writes to a socket once for every frame: here what is written in one turn
 * of the event loop goes out at once, which halves what a call costs. To anything but a socket it writes without asking whether
 * there is room, so that this is looked after here: while the peer takes nothing, nothing further is read of it, and whoever
 * writes streams waits for `room`.
 */
export class BatchedSocket extends Duplex {
  readonly #socket: Socket;
  #waiting: Uint8Array[] = [];
  #isDue = false;
  #isFull = false;
  #onRoom: (() => void)[] = [];

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => {
      if (!this.push(bytes)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("drain", () => this.#drained());
    socket.on("close", () => this.destroy());
    this.on("error", () => socket.destroy());
  }

  /** What gRPC calls the peer. */
  get peer(): string {
    return `${this.#socket.remoteAddress}:${this.#socket.remotePort}`;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  /** Resolves when the peer takes what it is sent, or has gone, or the signal is aborted. Undefined when it does so now. */
  room(signal: AbortSignal): Promise<void> | undefined {
    if (!this.#isFull || this.destroyed || signal.aborted) return undefined;
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done);
      this.#onRoom.push(done);
    });
  }

  override _read(): void {
    if (!this.#isFull) this.#socket.resume();
  }

  override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
    this.#waiting.push(bytes);
    if (!this.#isDue && !this.#isFull) {
      this.#isDue = true;
      setImmediate(() => this.#flush());
    }
    done();
  }

  override _final(done: () => void): void {
    this.#flush();
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    this.#waiting = [];
    this.#tellRoom();
    done(error);
  }

  #flush(): void {
    this.#isDue = false;
    const [first, ...more] = this.#waiting;
    if (first === undefined || this.destroyed) return;
    this.#waiting = [];
    if (this.#socket.write(more.length === 0 ? first : Buffer.concat([first, ...more]))) return;
    this.#isFull = true;
    this.#socket.pause();
  }

  #drained(): void {
    this.#isFull = false;
    this.#flush();
    if (this.#isFull) return;
    this.#socket.resume();
    this.#tellRoom();
  }

  #tellRoom(): void {
    const waiting = this.#onRoom;
    this.#onRoom = [];
    for (const tell of waiting) tell();
  }
}
