import { type OperationInput, type OperationName, operations, type SoloApi, SoloError } from "../../api/index.ts";
import type { Idempotency, Turn } from "./idempotency.ts";
import type { AccessRequest } from "./ports.ts";

/** Their answers hold a token, which is shown once and kept nowhere. */
const tellsSecret: ReadonlySet<OperationName> = new Set([
  "capabilityGrant",
  "capabilityAttenuate",
  "capabilityDelegate",
]);

export interface Keyed<Name extends OperationName> {
  readonly api: SoloApi;
  readonly idempotency: Idempotency;
  readonly key: string;
  /**
   * The request, if the caller may make it: a former answer is not for somebody who may not ask any more.
   * @throws SoloError
   */
  readonly admit: (input: OperationInput<Name>) => AccessRequest;
}

/**
 * An operation that is done once. It is not called off with the request: whoever lost the connection asks again and gets the
 * answer. Of a stream of progress, a repetition gets the last element.
 */
export function once<Name extends OperationName>(name: Name, keyed: Keyed<Name>) {
  if (operations[name].stream) return (input: OperationInput<Name>) => elements(name, keyed, input);
  return (input: OperationInput<Name>) => document(name, keyed, input);
}

async function document<Name extends OperationName>(name: Name, keyed: Keyed<Name>, input: OperationInput<Name>) {
  const { api, idempotency, key, admit } = keyed;
  const turn = await idempotency.turn(admit(input), key, !tellsSecret.has(name));
  const answer: () => Promise<unknown> | AsyncIterable<unknown> = () => api[name](input);
  return attempted(turn, async () => answer());
}

/** What work answers, or answered before. */
export async function attempted(turn: Turn, work: () => Promise<unknown>): Promise<unknown> {
  if ("answer" in turn) return turn.answer;
  try {
    const answer = await work();
    turn.attempt.succeed(answer);
    return answer;
  } catch (thrown) {
    turn.attempt.fail(SoloError.from(thrown));
    throw thrown;
  }
}

async function* elements<Name extends OperationName>(
  name: Name,
  keyed: Keyed<Name>,
  input: OperationInput<Name>,
): AsyncGenerator<unknown> {
  const { api, idempotency, key, admit } = keyed;
  const turn = await idempotency.turn(admit(input), key, true);
  if ("answer" in turn) {
    yield turn.answer;
    return;
  }
  const source: Promise<unknown> | AsyncIterable<unknown> = api[name](input);
  if (source instanceof Promise) throw new Error("an operation that answers a stream answered a document");
  const told = new Told();
  void pump(source, told, turn.attempt);
  yield* told.elements();
}

/** Reads a stream to its end, whether or not somebody listens. */
async function pump(
  source: AsyncIterable<unknown>,
  told: Told,
  attempt: { succeed(answer: unknown): void; fail(error: SoloError): void },
): Promise<void> {
  let last: unknown = null;
  try {
    for await (const element of source) {
      last = element;
      told.push({ value: element });
    }
    attempt.succeed(last);
    told.push("end");
  } catch (thrown) {
    attempt.fail(SoloError.from(thrown));
    told.push({ thrown });
  }
}

type Telling = { readonly value: unknown } | { readonly thrown: unknown } | "end";

/** What a stream told so far, for its one listener. Progress is short: all of it is held if nobody listens. */
class Told {
  readonly #waiting: Telling[] = [];
  #wake: (() => void) | undefined;

  push(telling: Telling): void {
    this.#waiting.push(telling);
    this.#wake?.();
  }

  async *elements(): AsyncGenerator<unknown> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else if (next === "end") return;
      else if ("thrown" in next) throw next.thrown;
      else yield next.value;
    }
  }
}
