import { SoloError } from "../../api/error.ts";
import { maxHostMessageBytes } from "../../api/host-variables.ts";
import type { CallOptions, Calls, Offer, OfferOptions, SendOptions } from "../sdk/calls.ts";
import type { StateChannel } from "../state/channel.ts";
import { milliseconds } from "../steps/duration.ts";
import { callUnderWay } from "./under-way.ts";

/** How long a call waits for its answer, and how long a message may wait to be delivered, unless they say. */
const callTimeoutMs = 5_000;
const sendTimeoutMs = 60_000;
const longestMs = 86_400_000;

/** The kernel tells that the time is up; if it says nothing at all, it is given up so much later. */
const graceMs = 2_000;

/** Room for what a message has beside its input. */
const headBytes = 1_024;

/** Calls of other services, through the kernel. Each is sent once: what becomes of one when the kernel is lost is unknown. */
export class ServiceCalls implements Calls {
  readonly #channel: Pick<StateChannel, "request">;
  #count = 0;

  constructor(channel: Pick<StateChannel, "request">) {
    this.#channel = channel;
  }

  call<Output>(service: string, method: string, input?: unknown, options?: CallOptions): Promise<Output>;
  async call(service: string, method: string, input?: unknown, options: CallOptions = {}): Promise<unknown> {
    options.signal?.throwIfAborted();
    const timeoutMs = timeoutOf(options.timeout ?? callTimeoutMs);
    const json = encode(input);
    const number = ++this.#count;
    const answer = this.#channel.request(
      "call",
      [checkText("a service", service), checkText("a method", method), json, timeoutMs, callUnderWay() ?? null, number],
      { isWrite: false, isOnce: true, bytes: json.length, waitMs: timeoutMs + graceMs },
    );
    return options.signal === undefined ? answer : this.#unlessAborted(answer, number, options.signal);
  }

  async send(service: string, method: string, input?: unknown, options: SendOptions = {}): Promise<void> {
    const timeoutMs = timeoutOf(options.timeout ?? sendTimeoutMs);
    const json = encode(input);
    await this.#channel.request(
      "send",
      [checkText("a service", service), checkText("a method", method), json, timeoutMs, callUnderWay() ?? null],
      { isWrite: false, isOnce: true, bytes: json.length },
    );
  }

  async offer(methods: readonly string[], { to, ttl, calls }: OfferOptions = {}): Promise<Offer> {
    const names = methods.map((method) => [checkText("a method", method)]);
    const ttlMs = ttl === undefined ? null : Math.max(1, Math.round(milliseconds("a ttl", ttl)));
    const plain = { isWrite: false, isOnce: true, bytes: 0 };
    const answer: unknown = await this.#channel.request("offer", [names, to ?? null, ttlMs, calls ?? null], plain);
    const [id, token] = Array.isArray(answer) ? answer.map(String) : [];
    if (id === undefined || token === undefined) throw new SoloError("failed", "the kernel answered no capability");
    return { id, token, withdraw: async () => void (await this.#channel.request("offer.withdraw", [id], plain)) };
  }

  #unlessAborted(answer: Promise<unknown>, number: number, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        reject(signal.reason);
        this.#channel
          .request("call.cancel", [number], { isWrite: false, isOnce: true, bytes: 0 })
          .catch(() => undefined);
      };
      signal.addEventListener("abort", abort, { once: true });
      answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }
}

function checkText(what: string, name: unknown): string {
  if (typeof name === "string" && name !== "" && name.length <= 200) return name;
  throw new SoloError("invalid_request", `${what} has a name of 1 to 200 characters`);
}

function timeoutOf(timeout: number | string): number {
  return Math.max(1, Math.min(longestMs, Math.round(milliseconds("a timeout", timeout))));
}

function encode(input: unknown): string {
  let json: string;
  try {
    json = JSON.stringify(input ?? null) ?? "null";
  } catch (cause) {
    throw new SoloError("invalid_request", `the input is no JSON: ${String(cause)}`, { cause });
  }
  const longest = maxHostMessageBytes - headBytes;
  if (json.length <= longest) return json;
  throw new SoloError("limit_exceeded", `the input of a call has at most ${longest} bytes of JSON`);
}
