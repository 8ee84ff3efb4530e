/**
 * What can go wrong in the store, as a closed family of codes. The store imports nothing of the project, so it has its own
 * error; whoever stands above it translates.
 *
 * - `not_found`: there is no such store, log or iterator
 * - `invalid_argument`: an option or a call that can't be meant; nothing was done
 * - `too_large`: a record exceeds the bound that the message names; nothing was done
 * - `corrupt`: bytes on disk aren't what was written; they are never served
 * - `too_new`: written by a later version of the format
 * - `locked`: another process, or another holder in this one, has it open
 * - `full`: no space on the device, or the quota is used up
 * - `io_error`: the operating system reported any other failure of a file
 * - `poisoned`: an earlier write or sync failed, so nothing is accepted until it is opened again, which recovers
 * - `closed`: used after it was closed
 * - `busy`: it can't be done now, and may be later
 */
export type StoreErrorCode =
  | "not_found"
  | "invalid_argument"
  | "too_large"
  | "corrupt"
  | "too_new"
  | "locked"
  | "full"
  | "io_error"
  | "poisoned"
  | "closed"
  | "busy";

/** A failure of the store that its user can meet in operation. Anything else that it throws is a bug. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  /** @param cause what was thrown below; kept for the log */
  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  /** Wraps what a file operation threw. `doing` completes the sentence "… failed", and names the place. */
  static fromFile(doing: string, thrown: unknown): StoreError {
    if (thrown instanceof StoreError) return thrown;
    const code = codeOf(thrown);
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new StoreError(storeCodes[code ?? ""] ?? "io_error", `${doing} failed: ${message}`, thrown);
  }
}

const storeCodes: Readonly<Record<string, StoreErrorCode>> = {
  ENOENT: "not_found",
  ENOTDIR: "not_found",
  ENOSPC: "full",
  EDQUOT: "full",
};

function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
