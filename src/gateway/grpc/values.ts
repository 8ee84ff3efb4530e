import { SoloError } from "../../api/index.ts";

/** Between the types of messages and those of the contract. */

/** @throws SoloError `invalid_request` for a number that JavaScript can't tell from its neighbours */
export function integerOf(value: bigint, field: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw invalid(field, "expects a whole number within ±2⁵³");
}

/** @throws SoloError `invalid_request` for bytes that are no JSON */
export function jsonOf(bytes: Uint8Array, field: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid(field, "expects JSON", cause);
  }
}

export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** A time of the contract in milliseconds since 1970; 0 for none. */
export function millisecondsOf(time: string | null): bigint {
  return BigInt(time === null ? 0 : Date.parse(time));
}

/** @throws SoloError `invalid_request` for a time outside of the calendar */
export function timeOf(milliseconds: bigint, field: string): string {
  const date = new Date(Number(milliseconds));
  if (!Number.isNaN(date.getTime()) && milliseconds >= 0n) return date.toISOString();
  throw invalid(field, "expects milliseconds since 1970");
}

/** A text that proto3 can't tell apart from one that is not there. */
export function given(text: string): string | undefined {
  return text === "" ? undefined : text;
}

export function invalid(field: string, message: string, cause?: unknown): SoloError {
  return new SoloError("invalid_request", `${field}: ${message}`, { details: { field }, cause });
}
