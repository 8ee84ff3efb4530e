import { SoloError } from "../../api/error.ts";
import { type WriteDurability, writeDurabilities } from "../../api/state-channel.ts";

/** Reads the members of a request's input, which is a list, one by one; whatever doesn't fit is `invalid_request`. */
export class InputReader {
  readonly #operation: string;
  readonly #members: readonly unknown[];
  #at = 0;

  constructor(operation: string, input: unknown) {
    this.#operation = operation;
    if (!Array.isArray(input)) throw this.#wrong("a list", input);
    this.#members = input;
  }

  text(): string {
    const member = this.#next();
    if (typeof member !== "string") throw this.#wrong("a text", member);
    return member;
  }

  optionalText(): string | undefined {
    const member = this.#next();
    if (member === null || member === undefined) return undefined;
    if (typeof member !== "string") throw this.#wrong("a text or nil", member);
    return member;
  }

  number(): number {
    const member = this.#next();
    if (typeof member !== "number" || !Number.isFinite(member)) throw this.#wrong("a finite number", member);
    return member;
  }

  optionalCount(): number | undefined {
    const member = this.#next();
    if (member === null || member === undefined) return undefined;
    if (typeof member !== "number" || !Number.isSafeInteger(member) || member < 0) {
      throw this.#wrong("a whole number from 0 or nil", member);
    }
    return member;
  }

  bytes(): Uint8Array {
    const member = this.#next();
    if (!(member instanceof Uint8Array)) throw this.#wrong("bytes", member);
    return member;
  }

  optionalBytes(): Uint8Array | undefined {
    const member = this.#next();
    if (member === null || member === undefined) return undefined;
    if (!(member instanceof Uint8Array)) throw this.#wrong("bytes or nil", member);
    return member;
  }

  durability(): WriteDurability | undefined {
    const member = this.optionalText();
    if (member === undefined) return undefined;
    const known = writeDurabilities.find((one) => one === member);
    if (known === undefined) throw this.#wrong(writeDurabilities.join(", "), member);
    return known;
  }

  list(): InputReader[] {
    const member = this.#next();
    if (!Array.isArray(member)) throw this.#wrong("a list", member);
    return member.map((one) => new InputReader(this.#operation, one));
  }

  #next(): unknown {
    return this.#members[this.#at++];
  }

  #wrong(expected: string, found: unknown): SoloError {
    const got = found === null ? "nil" : typeof found;
    return new SoloError("invalid_request", `${this.#operation}: member ${this.#at} is ${expected}, got ${got}`);
  }
}
