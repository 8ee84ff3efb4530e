import type { Socket } from "bun";
import { SoloError } from "../../api/error.ts";
import { FrameSplitter, PayloadScanner } from "../../api/frames/index.ts";
import type { ServiceRef } from "../../api/index.ts";
import { unpack } from "../../api/message-pack.ts";
import { maxStateFrameBytes, maxStateRequests, stateChannelFormat } from "../../api/state-channel.ts";
import type { ServiceState } from "../core/types.ts";
import type { ServiceStates } from "../service-states.ts";
import { AnswerQueue } from "./answer-queue.ts";
import { dataOperations } from "./data-operations.ts";
import type { PlainHandler, StateHandler } from "./request.ts";
import type { Hello } from "./server.ts";
import { Watches } from "./watches.ts";

export interface ConnectionParts {
  readonly states: ServiceStates;
  readonly authenticate: (hello: Hello) => ServiceRef | undefined;
  readonly dataRefusal: (ref: ServiceRef, instance: string) => SoloError | undefined;
  readonly operations: Readonly<Record<string, StateHandler>>;
  readonly plainOperations: Readonly<Record<string, PlainHandler>>;
}

export interface Client {
  readonly ref: ServiceRef;
  readonly instance: string;
  readonly client: string;
}

/** With more of a host's requests in memory than this, in bytes, no more are read from it. */
const pauseBytes = 8 * 2 ** 20;

/** One host's connection. A host that breaks the protocol is disconnected; its process may connect again. */
export class HostConnection {
  readonly #socket: Socket<HostConnection>;
  readonly #parts: ConnectionParts;
  readonly #splitter = new FrameSplitter(maxStateFrameBytes);
  readonly #answers: AnswerQueue;
  readonly #watches: Watches;
  #client: Client | undefined;
  #state: ServiceState | undefined;
  #opening: Promise<ServiceState> | undefined;
  #underWay = 0;
  #underWayBytes = 0;
  #isRefusing = false;
  #idle: (() => void) | undefined;
  readonly #gone = new AbortController();

  constructor(socket: Socket<HostConnection>, parts: ConnectionParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#answers = new AnswerQueue(socket, () => this.#pace());
    this.#watches = new Watches(this.#answers);
  }

  /** Who it is, once it said so. */
  get client(): Client | undefined {
    return this.#client;
  }

  receive(bytes: Uint8Array): void {
    const refusal = this.#splitter.push(bytes, (payload) => {
      if (!this.#frame(payload)) this.terminate();
    });
    if (refusal !== undefined) this.terminate();
    this.#pace();
  }

  drain(): void {
    this.#answers.drain();
    this.#pace();
  }

  /** Takes no more requests: they are left to the next kernel. */
  refuse(): void {
    this.#isRefusing = true;
    this.#watches.stop();
  }

  /** Resolves when every request taken was answered. */
  settled(): Promise<void> {
    if (this.#underWay === 0) return this.#answers.sent();
    return new Promise<void>((resolve) => {
      this.#idle = resolve;
    }).then(() => this.#answers.sent());
  }

  terminate(): void {
    this.#socket.terminate();
  }

  closed(): void {
    this.#isRefusing = true;
    this.#gone.abort();
    this.#watches.stop();
    this.#answers.close();
  }

  /** @returns false when it is no frame of the protocol */
  #frame(payload: Uint8Array): boolean {
    const scanner = new PayloadScanner();
    if ((scanner.push(payload) ?? scanner.end()) !== undefined) return false;
    let messages: unknown;
    try {
      messages = unpack(payload);
    } catch {
      return false;
    }
    if (!Array.isArray(messages)) return false;
    const bytes = payload.length / Math.max(1, messages.length);
    return messages.every((message: unknown) => this.#message(message, bytes));
  }

  #message(message: unknown, bytes: number): boolean {
    if (!Array.isArray(message)) return false;
    const [sequence, operation, input, write]: unknown[] = message;
    if (!isCount(sequence) || typeof operation !== "string" || !isCount(write)) return false;
    if (this.#client === undefined) return operation === "hello" && this.#hello(input);
    if (this.#isRefusing) return true;
    if (this.#underWay >= maxStateRequests) return false;
    this.#underWay++;
    this.#underWayBytes += bytes;
    const request = { sequence, operation, input, write, bytes };
    const { plainOperations } = this.#parts;
    const plain = Object.hasOwn(plainOperations, operation) ? plainOperations[operation] : undefined;
    if (plain !== undefined) this.#handlePlain(this.#client, plain, request);
    else if (this.#state !== undefined && this.#state.failure === undefined) {
      this.#handle(this.#client, this.#state, request);
    } else this.#handleLater(this.#client, request);
    return true;
  }

  #hello(input: unknown): boolean {
    const hello = readHello(input);
    const ref = hello && this.#parts.authenticate(hello);
    if (hello === undefined || ref === undefined) return false;
    this.#client = { ref, instance: hello.instance, client: `${hello.instance}/${hello.client}` };
    this.#socket.timeout(0);
    return true;
  }

  #handleLater(client: Client, request: Request): void {
    this.#opening ??= this.#parts.states.open(client.ref).finally(() => {
      this.#opening = undefined;
    });
    this.#opening.then(
      (state) => {
        this.#state = state;
        this.#handle(client, state, request);
      },
      (error: unknown) => this.#done(request, SoloError.from(error), undefined),
    );
  }

  #handlePlain({ ref, instance, client }: Client, handler: PlainHandler, request: Request): void {
    this.#answer(request, () => handler({ ref, instance, client, gone: this.#gone.signal }, request.input));
  }

  #handle(client: Client, state: ServiceState, request: Request): void {
    this.#answer(request, () => this.#operate(client, state, request));
  }

  #answer(request: Request, operate: () => unknown): void {
    try {
      const output = operate();
      if (!(output instanceof Promise)) this.#done(request, null, output);
      else {
        output.then(
          (value) => this.#done(request, null, value),
          (error: unknown) => this.#done(request, SoloError.from(error), undefined),
        );
      }
    } catch (error) {
      this.#done(request, SoloError.from(error), undefined);
    }
  }

  #operate({ ref, instance, client }: Client, state: ServiceState, { operation, input, write }: Request): unknown {
    const refused = isOfData(operation) ? this.#parts.dataRefusal(ref, instance) : undefined;
    if (refused !== undefined) throw refused;
    if (operation === "watch") return this.#watches.begin(state, input);
    if (operation === "unwatch") return this.#watches.end(input);
    const handler = Object.hasOwn(this.#parts.operations, operation) ? this.#parts.operations[operation] : undefined;
    if (handler === undefined) {
      throw new SoloError("invalid_request", `this kernel knows no operation ${JSON.stringify(operation)}`, {
        hint: "the service runs on a newer host than its kernel: restart the kernel",
      });
    }
    return handler({ state, ref, instance, client, write }, input);
  }

  #done({ sequence, bytes }: Request, error: SoloError | null, output: unknown): void {
    this.#underWay--;
    this.#underWayBytes -= bytes;
    this.#answers.add(sequence, error, output);
    if (this.#underWay === 0) this.#idle?.();
    this.#pace();
  }

  /** Reads on only while there is room for what comes, and for the answers. */
  #pace(): void {
    const isFull = this.#underWayBytes > pauseBytes || this.#answers.bytes > pauseBytes;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#socket.pause();
    else this.#socket.resume();
  }

  #isPaused = false;
}

interface Request {
  readonly sequence: number;
  readonly operation: string;
  readonly input: unknown;
  readonly write: number;
  readonly bytes: number;
}

/** Whether an operation is one of `ctx.state`. */
function isOfData(operation: string): boolean {
  return operation === "watch" || Object.hasOwn(dataOperations, operation);
}

function readHello(input: unknown): (Hello & { readonly client: string }) | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const { format, instance, key, pid, client }: Record<string, unknown> = { ...input };
  if (format !== stateChannelFormat || typeof instance !== "string" || typeof key !== "string") return undefined;
  if (!isCount(pid) || typeof client !== "string" || client.length > 64) return undefined;
  return { instance, key, pid, client };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
