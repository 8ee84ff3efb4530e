import { randomUUID } from "node:crypto";
import { SoloError } from "../api/index.ts";

/** Requests that wait for one process. */
const maxWaiting = 1_024;

interface AnswerError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

export interface Answer {
  readonly data?: unknown;
  readonly error?: AnswerError | null | undefined;
}

/** What a request was asked in the course of, and what is asked because of it. */
export interface Trace {
  /** 1 for a call that no other call led to. */
  readonly depth: number;
  /** Monotonic ms of the kernel's clock: after this nobody waits for an answer any more. */
  readonly deadline: number;
  /** Of the trace that is recorded of it, in the form of W3C's; undefined when none is. */
  readonly span?: { readonly traceId: string; readonly spanId: string } | undefined;
}

export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly trace?: Trace | undefined;
}

interface Waiting {
  readonly trace: Trace | undefined;
  settle(answer: Answer | SoloError): void;
}

/** The requests that an agent or a host has not answered yet. */
export class Requests {
  readonly #waiting = new Map<string, Waiting>();

  /**
   * @param send gets the id under which the answer is expected
   * @throws SoloError `limit_exceeded`, `timeout`, `outcome_unknown`, `failed` with the agent's own error
   */
  async ask(send: (id: string) => void, { timeoutMs, signal, trace }: AskOptions): Promise<unknown> {
    if (this.#waiting.size >= maxWaiting) {
      throw new SoloError("limit_exceeded", `${maxWaiting} requests wait for an answer already`, {
        hint: "try again when it has answered some",
      });
    }
    const id = randomUUID();
    const { promise, resolve } = Promise.withResolvers<Answer | SoloError>();
    this.#waiting.set(id, { trace, settle: resolve });
    const timer = setTimeout(() => resolve(timedOut(timeoutMs)), timeoutMs);
    const onAbort = () => resolve(new SoloError("outcome_unknown", "the caller went away", { applied: "unknown" }));
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      send(id);
      const answer = await promise;
      if (answer instanceof SoloError) throw answer;
      if (answer.error) throw refused(answer.error);
      return answer.data ?? null;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      this.#waiting.delete(id);
    }
  }

  /** What a request that is under way belongs to. */
  traceOf(id: string): Trace | undefined {
    return this.#waiting.get(id)?.trace;
  }

  /** An answer that nobody waits for any more is ignored. */
  answer(id: string, answer: Answer): void {
    this.#waiting.get(id)?.settle(answer);
  }

  /** The process ended: whether it did what it was asked is not known. */
  abandon(): void {
    const error = new SoloError("outcome_unknown", "the instance ended before it answered", {
      hint: "`solo status` shows whether it is back; whether it did what it was asked, only it knows",
      applied: "unknown",
    });
    for (const waiting of this.#waiting.values()) waiting.settle(error);
  }
}

function timedOut(timeoutMs: number): SoloError {
  return new SoloError("timeout", `no answer within ${timeoutMs} ms`, {
    hint: "it may still be at work; --timeout waits longer",
    applied: "unknown",
  });
}

/** Resolves when the promise does, or after so long. */
export async function within(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

/** The service's own error; a method that it does not have is nobody's failure. */
function refused({ code, message, hint }: AnswerError): SoloError {
  if (code === unknownMethod)
    return new SoloError("not_found", message, { hint: "a service's `methods` say what it has" });
  const own = passedOn.find((one) => one === code);
  const about = { applied: "unknown", details: { code }, ...(hint !== undefined && { hint }) } as const;
  if (own !== undefined) return new SoloError(own, message, about);
  return new SoloError("failed", `${code}: ${message}`, about);
}

/**
 * What a service refuses for its callers' own doing, or what its durable steps refuse: its callers are told with the same code
 * and exit code. Whoever throws an error with such a `code` says that the service is well.
 */
const passedOn = [
  "budget_exhausted",
  "outcome_unknown",
  "invalid_request",
  "not_found",
  "conflict",
  "limit_exceeded",
] as const;

const unknownMethod = "UNKNOWN_METHOD";
