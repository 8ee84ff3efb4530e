import { type ErrorCode, SoloError } from "../../api/error.ts";
import { StoreError, type StoreErrorCode } from "../../store/index.ts";

/** What the store's errors are in the words of the API. */
export const apiCodes = {
  not_found: "not_found",
  invalid_argument: "internal",
  too_large: "limit_exceeded",
  corrupt: "storage_corrupt",
  too_new: "data_too_new",
  locked: "locked",
  full: "storage_full",
  io_error: "io_error",
  poisoned: "io_error",
  closed: "not_running",
  busy: "conflict",
} as const satisfies Readonly<Record<StoreErrorCode, ErrorCode>>;

/** What the store threw, in the words of the API. What was asked for may have been done when a sync failed. */
export function stateFailure(thrown: unknown): SoloError {
  if (!(thrown instanceof StoreError)) return SoloError.from(thrown);
  const { code } = thrown;
  const unknown = code === "full" || code === "io_error" || code === "poisoned";
  return new SoloError(apiCodes[code], thrown.message, { cause: thrown, applied: unknown ? "unknown" : "no" });
}

/** Whether a state's own files are why it can't be opened: damaged, or unreadable. */
export function isDamaged(error: SoloError): boolean {
  if (error.code === "storage_corrupt") return true;
  const { cause } = error;
  const thrown = cause instanceof StoreError ? cause.cause : undefined;
  return thrown instanceof Error && "code" in thrown && thrown.code === "EIO";
}
