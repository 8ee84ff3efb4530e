import { dirname, join } from "node:path";
import type { Socket } from "bun";
import { type ErrorCode, isErrorCode, SoloError } from "../../api/error.ts";
import { FrameSplitter, toFrame } from "../../api/frames/index.ts";
import { pack, unpack } from "../../api/message-pack.ts";
import {
  maxStateFrameBytes,
  maxStateRequests,
  replyWindow,
  stateChannelFormat,
  stateFrameBytes,
  stateSocketName,
} from "../../api/state-channel.ts";
import type { Identity } from "../identity.ts";

/** Between looks for requests that have waited too long. */
const lookMs = 250;

/** Pauses between attempts to reach a kernel that is away. */
const reconnectMinMs = 20;
const reconnectMaxMs = 500;

/** Requests, and bytes of them, that may wait in this process; more are refused. */
const maxWaiting = 65_536;
const maxWaitingBytes = 64 * 2 ** 20;

/** What a request takes beside its input, roughly. */
const requestBytes = 32;

const channels = new WeakMap<Identity, StateChannel>();

/** The one channel of a process. */
export function sharedChannel(identity: Identity): StateChannel {
  const channel = channels.get(identity) ?? new StateChannel(identity);
  channels.set(identity, channel);
  return channel;
}

interface Pending {
  readonly sequence: number;
  readonly operation: string;
  readonly input: unknown;
  readonly write: number;
  readonly bytes: number;
  /** When it is given up (`performance.now()`). */
  readonly until: number;
  /** Never sent a second time: what became of it is unknown when the connection is lost. */
  readonly isOnce: boolean;
  /** Whether it was ever sent: then nobody knows whether it was applied, until it is answered. */
  isSent: boolean;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: SoloError) => void;
}

export interface RequestOptions {
  /** Whether it changes something: it is then applied once, however often it is sent. */
  readonly isWrite: boolean;
  /** Of the input, roughly. */
  readonly bytes: number;
  /** Sent to one kernel only, such as a call that must not be made twice. Default: again to the next one. */
  readonly isOnce?: boolean;
  /** How long it waits for an answer, instead of the identity's `waitMs`. */
  readonly waitMs?: number;
}

/** Is told of changes by the kernel, and when the connection was made anew. */
export interface WatchSink {
  change(output: unknown): void;
  failed(error: SoloError): void;
  reconnected(): void;
}

/**
 * The host's end of the state channel. It is opened with the first request and connects again for ever; requests that were
 * not answered are sent again to the next kernel, which applies none of them twice.
 */
export class StateChannel {
  readonly #identity: Identity;
  readonly #path: string;
  /** Names this process to the kernel: an instance that is restarted begins to count again. */
  readonly #client = `${process.pid}.${crypto.randomUUID()}`;
  readonly #splitter = new FrameSplitter(maxStateFrameBytes);
  readonly #pending = new Map<number, Pending>();
  readonly #pendingWrites = new Set<number>();
  readonly #watches = new Map<number, WatchSink>();
  /** Not yet sent on this connection, in order. */
  #queue: Pending[] = [];
  #waitingBytes = 0;
  #inFlight = 0;
  #sequence = 0;
  #write = 0;
  #watch = 0;
  #socket: Socket | undefined;
  #unsent: Uint8Array[] = [];
  #isConnecting = false;
  #isDue = false;
  #wasConnected = false;
  #pauseMs = reconnectMinMs;
  #looking: ReturnType<typeof setInterval> | undefined;

  constructor(identity: Identity) {
    this.#identity = identity;
    this.#path = join(dirname(identity.controlSocket), stateSocketName);
  }

  /**
   * Sends a request and resolves with its output.
   * @throws SoloError what the kernel answered; `unreachable` when it didn't for too long; `limit_exceeded` when too much waits
   */
  request(operation: string, input: unknown, options: RequestOptions): Promise<unknown> {
    const { isWrite, bytes, isOnce = false, waitMs = this.#identity.waitMs } = options;
    if (this.#pending.size >= maxWaiting || this.#waitingBytes + bytes > maxWaitingBytes) {
      const waiting = `${this.#pending.size} requests of ${this.#waitingBytes} bytes wait for the kernel`;
      return Promise.reject(new SoloError("limit_exceeded", waiting, { hint: "await some of them before the next" }));
    }
    return new Promise((resolve, reject) => {
      const write = isWrite ? ++this.#write : 0;
      const size = bytes + requestBytes;
      const until = performance.now() + waitMs;
      const sequence = ++this.#sequence;
      const answer = { isSent: false, resolve, reject };
      const pending = { sequence, operation, input, write, bytes: size, until, isOnce, ...answer };
      this.#pending.set(sequence, pending);
      if (write > 0) this.#pendingWrites.add(write);
      this.#waitingBytes += size;
      this.#queue.push(pending);
      this.#due();
    });
  }

  /** Lets a sink hear of a watch, under the number that is returned. The caller asks the kernel for it. */
  openWatch(sink: WatchSink): number {
    const watch = ++this.#watch;
    this.#watches.set(watch, sink);
    return watch;
  }

  closeWatch(watch: number): void {
    this.#watches.delete(watch);
  }

  #due(): void {
    this.#looking ??= this.#startLooking();
    if (this.#socket === undefined) this.#connect();
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#send();
    });
  }

  /** Sends what may be sent, as few frames. */
  #send(): void {
    if (this.#socket === undefined || this.#unsent.length > 0) return;
    let count = 0;
    for (; count < this.#queue.length; ) {
      const messages: unknown[] = [];
      let bytes = 0;
      for (; count < this.#queue.length && bytes < stateFrameBytes; count++) {
        const request = this.#queue[count];
        if (request === undefined || !this.#maySend(request)) break;
        const isLarge = bytes > 0 && bytes + request.bytes > stateFrameBytes;
        if (isLarge) break;
        // It may have been given up while it waited.
        if (!this.#pending.has(request.sequence)) continue;
        const { sequence, operation, input, write } = request;
        messages.push([sequence, operation, input, write]);
        request.isSent = true;
        this.#inFlight++;
        bytes += request.bytes;
      }
      if (messages.length === 0) break;
      this.#unsent.push(toFrame(pack(messages)));
    }
    this.#queue.splice(0, count);
    this.#drain();
  }

  #maySend({ write }: Pending): boolean {
    if (this.#inFlight >= maxStateRequests) return false;
    if (write === 0) return true;
    const [oldest = write] = this.#pendingWrites;
    return write - oldest < replyWindow;
  }

  #drain(): void {
    while (this.#socket !== undefined && this.#unsent.length > 0) {
      const [first] = this.#unsent;
      if (first === undefined) return;
      const written = Math.max(0, this.#socket.write(first));
      if (written < first.length) {
        this.#unsent[0] = first.subarray(written);
        return;
      }
      this.#unsent.shift();
    }
  }

  #connect(): void {
    if (this.#isConnecting) return;
    this.#isConnecting = true;
    const handlers = {
      open: (socket: Socket) => this.#opened(socket),
      drain: () => {
        this.#drain();
        this.#send();
      },
      data: (_: Socket, bytes: Uint8Array) => this.#receive(bytes),
      close: (socket: Socket) => this.#closed(socket),
      error: (socket: Socket) => this.#closed(socket),
      connectError: () => this.#retry(),
    };
    Bun.connect({ unix: this.#path, socket: handlers }).catch(() => this.#retry());
  }

  #opened(socket: Socket): void {
    socket.unref();
    this.#socket = socket;
    this.#isConnecting = false;
    this.#splitter.reset();
    this.#inFlight = 0;
    this.#queue = [...this.#pending.values()];
    const { instance, key } = this.#identity;
    const hello = { format: stateChannelFormat, instance, key, pid: process.pid, client: this.#client };
    this.#unsent = [toFrame(pack([[0, "hello", hello, 0]]))];
    this.#drain();
    if (this.#wasConnected) for (const sink of [...this.#watches.values()]) sink.reconnected();
    this.#wasConnected = true;
    this.#send();
  }

  #closed(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#unsent = [];
    this.#isConnecting = true;
    for (const pending of this.#pending.values()) if (pending.isOnce && pending.isSent) this.#lost(pending);
    this.#retry();
  }

  #isRetrying = false;

  /** Bun reports a refused connection more than once. */
  #retry(): void {
    if (this.#isRetrying || this.#socket !== undefined) return;
    this.#isRetrying = true;
    const timer = setTimeout(() => {
      this.#isRetrying = false;
      this.#isConnecting = false;
      if (this.#pending.size > 0 || this.#watches.size > 0) this.#connect();
    }, this.#pauseMs);
    timer.unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, reconnectMaxMs);
  }

  #receive(bytes: Uint8Array): void {
    this.#pauseMs = reconnectMinMs;
    // The kernel is trusted: it started this process.
    const refusal = this.#splitter.push(bytes, (payload) => {
      const messages = unpack(payload);
      if (!Array.isArray(messages)) return;
      for (const message of messages) if (Array.isArray(message)) this.#answer(message);
    });
    if (refusal !== undefined) this.#socket?.terminate();
    if (this.#queue.length > 0) this.#due();
  }

  #answer([sequence, error, output]: readonly unknown[]): void {
    if (typeof sequence !== "number") return;
    const failure = error === null ? undefined : errorOf(error);
    if (sequence < 0) {
      const sink = this.#watches.get(-sequence);
      if (failure === undefined) sink?.change(output);
      else sink?.failed(failure);
      return;
    }
    const pending = this.#pending.get(sequence);
    this.#inFlight--;
    if (pending === undefined) return;
    this.#forget(pending);
    if (failure === undefined) pending.resolve(output);
    else pending.reject(failure);
  }

  #forget({ sequence, write, bytes }: Pending): void {
    this.#pending.delete(sequence);
    this.#pendingWrites.delete(write);
    this.#waitingBytes -= bytes;
    if (this.#pending.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #startLooking(): ReturnType<typeof setInterval> {
    const timer = setInterval(() => this.#giveUpLate(), lookMs);
    timer.unref();
    return timer;
  }

  #lost(pending: Pending): void {
    this.#forget(pending);
    pending.reject(
      new SoloError("outcome_unknown", `the kernel was lost before it had answered \`${pending.operation}\``, {
        applied: "unknown",
        hint: "it is not sent again, so that it is not done twice",
      }),
    );
  }

  #giveUpLate(): void {
    const now = performance.now();
    for (const pending of this.#pending.values()) {
      if (pending.until > now) continue;
      this.#forget(pending);
      const isUnknown = (pending.write > 0 || pending.isOnce) && pending.isSent;
      pending.reject(
        new SoloError("unreachable", `the kernel did not answer \`${pending.operation}\` in time`, {
          applied: isUnknown ? "unknown" : "no",
          hint: "`solo health` tells whether the kernel runs; what was already acknowledged is safe",
        }),
      );
    }
  }
}

function errorOf(parts: unknown): SoloError {
  const [code, message, hint, applied]: unknown[] = Array.isArray(parts) ? parts : [];
  const known: ErrorCode = typeof code === "string" && isErrorCode(code) ? code : "failed";
  const details =
    Array.isArray(parts) && typeof parts[4] === "object" && parts[4] !== null ? { ...parts[4] } : undefined;
  return new SoloError(known, String(message), {
    ...(typeof hint === "string" && { hint }),
    ...((applied === "yes" || applied === "unknown") && { applied }),
    ...(details !== undefined && { details }),
  });
}
