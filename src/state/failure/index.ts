import { type Applied, type ErrorCode, SoloError } from "../../api/error.ts";
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

/** The next step of whoever meets a disk that takes nothing more. */
const hints: Readonly<Partial<Record<StoreErrorCode, string>>> = {
  full: "free some space on this file system, then repeat the command; `solo paths` shows what Solo keeps where",
  io_error: "see what the system says of the disk (`dmesg`); `solo paths` shows what Solo keeps where",
  poisoned:
    "see what the system says of the disk (`dmesg`), then restart the kernel: `solo stop --keep-services`, `solo start`",
};

/**
 * What the store threw, in the words of the API.
 * @param applied whether what was asked for was done, where it is known: it may have been when a write or a sync failed
 */
export function stateFailure(thrown: unknown, applied: Applied = "unknown"): SoloError {
  if (!(thrown instanceof StoreError)) return SoloError.from(thrown, applied);
  const { code } = thrown;
  const isOfDisk = code === "full" || code === "io_error" || code === "poisoned";
  const hint = hints[code];
  return new SoloError(apiCodes[code], thrown.message, {
    cause: thrown,
    applied: isOfDisk ? applied : "no",
    ...(hint !== undefined && { hint }),
  });
}

/** Whether a state's own files are why it can't be opened: damaged, or unreadable. */
export function isDamaged(error: SoloError): boolean {
  if (error.code === "storage_corrupt") return true;
  const { cause } = error;
  const thrown = cause instanceof StoreError ? cause.cause : undefined;
  return thrown instanceof Error && "code" in thrown && thrown.code === "EIO";
}
