import { createHash, randomBytes } from "node:crypto";
import { canonicalJson, type OperationName, SoloError } from "../../api/index.ts";

/** For how long one may be used, in milliseconds: enough to think, and to ask somebody. */
export const confirmationMs = 120_000;
/** So many are remembered of one session; the oldest gives way. */
const mostConfirmations = 64;

interface Confirmation {
  readonly digest: string;
  readonly expires_ms: number;
}

/**
 * What was asked back and may now be done: each once, soon, and only with the very input that was asked about. They belong to
 * one session.
 */
export class Confirmations {
  readonly #open = new Map<string, Confirmation>();
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  issue(operation: OperationName, input: unknown): { readonly token: string; readonly expires_ms: number } {
    const token = randomBytes(12).toString("base64url");
    const expires_ms = this.#now() + confirmationMs;
    this.#open.set(token, { digest: digestOf(operation, input), expires_ms });
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= mostConfirmations) break;
      this.#open.delete(oldest);
    }
    return { token, expires_ms };
  }

  /**
   * Uses one up, whatever comes of it.
   * @throws SoloError `confirmation_required` for one that is not of this operation and input, is used or has expired
   */
  redeem(token: string, operation: OperationName, input: unknown): void {
    const found = this.#open.get(token);
    this.#open.delete(token);
    if (found === undefined) throw refusal("it is none of this session, or was used");
    if (found.expires_ms <= this.#now()) throw refusal("it has expired");
    if (found.digest !== digestOf(operation, input)) throw refusal("it was given for another input");
  }
}

function refusal(why: string): SoloError {
  return new SoloError("confirmation_required", `the confirmation does not count: ${why}; nothing was done`, {
    hint: "call the tool without `confirmation` to learn what it would do and to get a new one",
  });
}

/** Only a digest is kept: the input may hold secrets. */
function digestOf(operation: OperationName, input: unknown): string {
  return createHash("sha256").update(operation).update("\0").update(canonicalJson(input)).digest("base64url");
}
