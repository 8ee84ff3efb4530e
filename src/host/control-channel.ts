import type { Socket } from "bun";
import type { HostCall, HostMessage, HostOrder, HostPace } from "../api/host-protocol.ts";
import { heartbeatIntervalMs, maxHostMessageBytes } from "../api/host-variables.ts";
import type { Identity } from "./identity.ts";

/** Pauses between attempts to reach a kernel that is away: it is back within 200 ms, or down for long. */
const reconnectMinMs = 20;
const reconnectMaxMs = 500;

/** A connection that lasted this long was a good one: the next attempt after it is soon again. */
const stableMs = 1_000;

/**
 * The first attempt after a good connection, spread at random: a kernel that died is back at the earliest then, and all hosts
 * of the machine trying at once, again and again, would keep the cores that it needs for that.
 */
const returnMinMs = 100;
const returnMaxMs = 300;

/** Bytes that wait for a kernel that does not read. With more, heartbeats are left out; the next ones say the same. */
const unsentMaxBytes = 4_096;

/** An interval that does nothing but keep a process alive. */
const keepAliveMs = 2_147_483_647;

/** Nothing to be sent. */
const nothing = new Uint8Array(0);

/** Room for what an answer has beside the output. */
const answerHeadBytes = 1_024;

type Answer = Extract<HostMessage, { type: "answer" }>;
type State = Extract<HostMessage, { type: "ready" | "failed" }>;
type AnswerCall = (call: HostCall) => Promise<Pick<Answer, "output" | "error">>;
type Health = Extract<HostMessage, { type: "heartbeat" }>["health"];

/**
 * The host's end of the control socket. It connects again for ever, with a bounded pause, and then repeats who it is and
 * how it stands. It never keeps the process alive and never throws: a service does not depend on its kernel.
 */
export class ControlChannel {
  readonly #identity: Identity;
  #socket: Socket | undefined;
  #unsent: Bytes = nothing;
  #state: State | undefined;
  #health: (() => Promise<Health>) | undefined;
  #call: AnswerCall = async ({ method }) => ({
    output: null,
    error: { code: "UNKNOWN_METHOD", message: `there is no method ${JSON.stringify(method)}` },
  });
  #paceMs: number = heartbeatIntervalMs;
  #beats: ReturnType<typeof setTimeout> | undefined;
  #calls = "";
  #decoder = new TextDecoder();
  #pauseMs = reconnectMinMs;
  #openedAt = 0;
  #retrying = false;
  #connected = Promise.withResolvers<void>();
  #flushed: (() => void) | undefined;
  /** Set while this host waits for what it is to run. */
  #order: ((order: HostOrder) => void) | undefined;

  constructor(identity: Identity) {
    this.#identity = identity;
    this.#connect();
  }

  /** Tells the kernel, now and after each reconnection, how this instance stands. */
  report(state: State): void {
    this.#state = state;
    if (this.#socket) this.#send(state);
  }

  /**
   * The same for later, with all that can be done beforehand: to listen takes so much memory that whatever needs some next has
   * Bun collect garbage first, for most of a millisecond. What is returned needs none.
   */
  reporter(state: State): () => void {
    const message = encode(state);
    return () => {
      this.#state = state;
      if (!this.#socket) return;
      this.#unsent = joined(this.#unsent, message);
      this.#write();
    };
  }

  /**
   * Sends a heartbeat now, every second or as often as the kernel asks for, and to each new kernel. `health` is asked for the
   * service's own answer.
   */
  startHeartbeats(health: () => Promise<Health>): void {
    this.#health = health;
    this.#beatEvery(this.#paceMs);
    this.#beat();
  }

  #beatEvery(ms: number): void {
    clearInterval(this.#beats);
    this.#beats = setInterval(() => this.#beat(), ms).unref();
  }

  /** Begins at a random moment: a kernel changes the pace of all its hosts at once, and they would keep in step. */
  #setPace(ms: number): void {
    this.#paceMs = ms;
    if (this.#health === undefined) return;
    clearInterval(this.#beats);
    this.#beats = setTimeout(() => {
      this.#beat();
      this.#beatEvery(ms);
    }, Math.random() * ms).unref();
  }

  /**
   * What a host that was started early is to run. It keeps the process alive, unless the kernel goes away: no other one knows of
   * this process then.
   */
  async order(): Promise<HostOrder> {
    const order = Promise.withResolvers<HostOrder>();
    this.#order = order.resolve;
    const alive = setInterval(() => {}, keepAliveMs);
    const told = await order.promise;
    clearInterval(alive);
    return told;
  }

  /** Answers what the kernel asks of this instance. Without it every method is unknown. */
  answerCalls(call: AnswerCall): void {
    this.#call = call;
  }

  /** Resolves when everything reported so far was handed to the kernel, or after the given time without one. */
  async flushed(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#connected.promise.then(() => {
      if (this.#unsent.byteLength === 0) resolve();
      else this.#flushed = resolve;
    });
    await promise;
    clearTimeout(timer);
  }

  #connect(): void {
    const handlers = {
      open: (socket: Socket) => this.#opened(socket),
      drain: () => this.#write(),
      data: (_: Socket, bytes: Uint8Array) => this.#asked(bytes),
      close: () => this.#closed(),
      error: () => this.#closed(),
    };
    Bun.connect({ unix: this.#identity.controlSocket, socket: handlers }).catch(() => this.#closed());
  }

  #opened(socket: Socket): void {
    socket.unref();
    this.#socket = socket;
    this.#openedAt = performance.now();
    const { instance, key } = this.#identity;
    this.#send({ type: "hello", instance, key, pid: process.pid });
    if (this.#state) this.#send(this.#state);
    this.#beat();
    this.#connected.resolve();
  }

  #closed(): void {
    // Bun reports a refused connection more than once: as an error, as a close and as a rejection.
    if (this.#retrying) return;
    if (this.#order !== undefined) process.exit();
    this.#retrying = true;
    if (this.#socket) {
      this.#connected = Promise.withResolvers<void>();
      if (performance.now() - this.#openedAt >= stableMs) {
        this.#pauseMs = returnMinMs + Math.random() * (returnMaxMs - returnMinMs);
      }
    }
    this.#socket = undefined;
    this.#unsent = nothing;
    this.#calls = "";
    this.#decoder = new TextDecoder();
    const timer = setTimeout(() => {
      this.#retrying = false;
      this.#connect();
    }, this.#pauseMs);
    timer.unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, reconnectMaxMs);
  }

  #asked(bytes: Uint8Array): void {
    const lines = (this.#calls + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#calls = lines.pop() ?? "";
    for (const line of lines) {
      const asked: HostCall | HostOrder | HostPace = JSON.parse(line);
      if (asked.type === "call") void this.#answer(asked);
      else if (asked.type === "pace") this.#setPace(asked.interval_ms);
      else this.#obey(asked);
    }
  }

  #obey(order: HostOrder): void {
    this.#order?.(order);
    this.#order = undefined;
  }

  /** To the kernel that asked: another one knows nothing of the call. */
  async #answer(call: HostCall): Promise<void> {
    const { id } = call;
    const socket = this.#socket;
    const answer = await this.#call(call);
    if (socket === undefined || this.#socket !== socket) return;
    const message: Answer = { type: "answer", id, ...answer };
    if (JSON.stringify(message).length <= maxHostMessageBytes - answerHeadBytes) return this.#send(message);
    const error = { code: "ANSWER_TOO_LONG", message: `an answer has at most ${maxHostMessageBytes} bytes of JSON` };
    this.#send({ type: "answer", id, output: null, error });
  }

  async #beat(): Promise<void> {
    if (!this.#socket || !this.#health) return;
    const health = await this.#health();
    if (this.#socket && this.#unsent.byteLength <= unsentMaxBytes) {
      this.#send(health ? { type: "heartbeat", health } : { type: "heartbeat" });
    }
  }

  #send(message: HostMessage): void {
    this.#unsent = joined(this.#unsent, encode(message));
    this.#write();
  }

  #write(): void {
    if (!this.#socket || this.#unsent.byteLength === 0) return;
    const written = this.#socket.write(this.#unsent);
    if (written > 0) this.#unsent = this.#unsent.subarray(written);
    if (this.#unsent.byteLength === 0) this.#flushed?.();
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** Not by `Buffer`, whose first use takes as long as all else that is said before a module is loaded. */
function encode(message: HostMessage): Bytes {
  return encoder.encode(`${JSON.stringify(message)}\n`);
}

function joined(first: Bytes, second: Bytes): Bytes {
  if (first.byteLength === 0) return second;
  const both = new Uint8Array(first.byteLength + second.byteLength);
  both.set(first);
  both.set(second, first.byteLength);
  return both;
}
