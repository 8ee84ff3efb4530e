import { createHash, createHmac } from "node:crypto";
import { type Caller, canonicalJson, type ErrorDocument, SoloError } from "../../api/index.ts";
import type { AccessRequest, IdempotencyPlace, IdempotencyRecord, IdempotencyRecords } from "./ports.ts";

/** What came of a request, as it is kept. `withheld`: it was done, but its answer is a secret or too long to be kept. */
type Outcome =
  | { readonly type: "answer"; readonly answer: unknown }
  | { readonly type: "error"; readonly error: ErrorDocument["error"] }
  | { readonly type: "withheld" };

/** The one attempt at a request; exactly one of its methods is called, once. */
export interface Attempt {
  succeed(answer: unknown): void;
  fail(error: SoloError): void;
}

/** Either the attempt to make, or what the earlier one answered. */
export type Turn = { readonly attempt: Attempt } | { readonly answer: unknown };

export interface IdempotencyParts {
  readonly records: IdempotencyRecords;
  /** Wall time in milliseconds. */
  readonly now: () => number;
  /** Told what could not be written. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Requests under a key of the caller's choice are done once: whoever repeats one, because the answer got lost, gets the answer
 * of the first. The beginning is durable before anything is done, so that after a crash nothing is done twice; then nobody
 * knows whether it was done, and that is what is said.
 */
export class Idempotency {
  readonly #parts: IdempotencyParts;
  /** Attempts under way in this process, by place, with how many wait for them. */
  readonly #running = new Map<string, { readonly ended: Promise<void>; waiting: number }>();
  #swept = Number.NEGATIVE_INFINITY;

  constructor(parts: IdempotencyParts) {
    this.#parts = parts;
  }

  /**
   * Whose turn it is: waits while the first attempt is under way.
   * @param keepsAnswer false when the answer holds a secret
   * @throws SoloError `conflict` for a key that was used for something else, or whose answer was not kept; `outcome_unknown`
   * when a crash interrupted the first attempt; `limit_exceeded` for more keys than are remembered; the first one's own error
   */
  async turn(request: AccessRequest, key: string, keepsAnswer: boolean): Promise<Turn> {
    const { records } = this.#parts;
    const place = { owner: ownerOf(request.caller), key: createHash("sha256").update(key).digest("base64url") };
    const name = JSON.stringify([place.owner, place.key]);
    const digest = digestOf(request, key);
    for (;;) {
      this.#sweep();
      const record = records.get(place);
      if (record !== undefined) checkSame(record, request, digest);
      const running = this.#running.get(name);
      if (running !== undefined) {
        if (running.waiting >= maxWaiting) throw tooManyWait();
        running.waiting += 1;
        await running.ended;
      } else if (record === undefined) {
        return { attempt: this.#begin(place, name, request, digest, keepsAnswer) };
      } else {
        return { answer: answerOf(record) };
      }
    }
  }

  #begin(place: IdempotencyPlace, name: string, request: AccessRequest, digest: string, keeps: boolean): Attempt {
    const { records, now, onFailure } = this.#parts;
    const tenant = request.tenant ?? "";
    const { keys, bytes } = records.usage(tenant);
    if (keys >= maxKeys || bytes >= maxBytes) throw tooMany(keys);
    records.begin(place, { tenant, operation: request.operation, digest, created: now() });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running.set(name, { ended: promise, waiting: 0 });
    const end = (write: () => void) => {
      try {
        write();
      } catch (error) {
        // What was done is done. Who asks again is told that nobody knows.
        onFailure(error);
      }
      this.#running.delete(name);
      resolve();
    };
    return {
      succeed: (answer) =>
        end(() => records.end(place, kept(keeps ? { type: "answer", answer } : { type: "withheld" }))),
      fail: (error) =>
        // What changed nothing may be tried again.
        end(() =>
          error.applied === "no"
            ? records.forget(place)
            : records.end(place, kept({ type: "error", error: error.toDocument().error })),
        ),
    };
  }

  #sweep(): void {
    const { records, now } = this.#parts;
    const time = now();
    if (Math.abs(time - this.#swept) < sweepMs) return;
    this.#swept = time;
    records.forgetBefore(time - idempotencyMs);
  }
}

/** Keys of one never meet those of another. A service is the same in each of its instances. */
function ownerOf(caller: Caller): string {
  if (caller.kind === "service") return `service:${caller.tenant}/${caller.name}`;
  return caller.kind === "capability" ? `capability:${caller.capability.id}` : caller.kind;
}

/**
 * Of the checked input: defaults that are written out make no difference. The input may hold a secret, so that it must not be
 * found by trial from what is kept: the key, of which only a hash is, takes part.
 */
function digestOf({ input }: AccessRequest, key: string): string {
  return createHmac("sha256", key).update(canonicalJson(input)).digest("base64url");
}

function kept(outcome: Outcome): string {
  const text = JSON.stringify(outcome);
  return text.length <= maxAnswerLength ? text : JSON.stringify({ type: "withheld" });
}

function checkSame(record: IdempotencyRecord, { operation }: AccessRequest, digest: string): void {
  if (record.operation === operation && record.digest === digest) return;
  throw new SoloError("conflict", "the idempotency key was used for another request", {
    hint: "choose a new key for every request, and repeat a request with the key and the input that it had",
    details: { operation: record.operation },
  });
}

/** @throws SoloError when there is no answer to give again */
function answerOf({ outcome, operation }: IdempotencyRecord): unknown {
  if (outcome === null) {
    throw new SoloError(
      "outcome_unknown",
      `the kernel ended while it did this ${operation}: nobody knows whether it was done`,
      {
        hint: "look what there is (`solo status`, `solo audit`); a request under a new key is done anew",
        applied: "unknown",
      },
    );
  }
  const found: Outcome = JSON.parse(outcome);
  if (found.type === "answer") return found.answer;
  if (found.type === "error") throw SoloError.fromDocument({ error: found.error });
  throw new SoloError("conflict", `this ${operation} was done before, and its answer was not kept`, {
    hint: "answers with secrets or of great length are not; look at what there is, or ask anew under a new key",
    applied: "yes",
  });
}

function tooMany(keys: number): SoloError {
  return new SoloError(
    "limit_exceeded",
    `${keys} idempotency keys of this tenant are remembered, and that is the most`,
    {
      hint: "they are forgotten a day after their first use; a request without a key is done as ever",
    },
  );
}

function tooManyWait(): SoloError {
  return new SoloError("limit_exceeded", `${maxWaiting} requests wait for the one with this key already`, {
    details: { retry_after_ms: 1_000 },
  });
}

/** For how long a key is remembered, in milliseconds: a day. */
const idempotencyMs = 86_400_000;
/** Of one tenant. A new key is refused then: forgetting an old one could have something done twice. */
const maxKeys = 10_000;
const maxBytes = 33_554_432;
/** Of one answer, in characters of JSON. */
const maxAnswerLength = 262_144;
const maxWaiting = 100;
const sweepMs = 60_000;
