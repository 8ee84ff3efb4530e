import { withoutTokens } from "./token-form.ts";

/**
 * The closed family of errors that cross Solo's boundaries. Every code fixes its exit code and HTTP status, so that the
 * terminal, `--json`, HTTP and logs can't disagree about one failure.
 */

/** Code → [CLI exit code, HTTP status, retryable]. The exit codes are those of `solo help exit-codes`. */
const table = {
  failed: [1, 500, false],
  start_failed: [1, 422, false],
  stop_failed: [1, 500, true],
  sandbox_unavailable: [1, 422, false],
  storage_full: [1, 507, true],
  storage_corrupt: [1, 500, false],
  io_error: [1, 500, true],
  audit_unavailable: [1, 503, true],
  internal: [1, 500, false],
  usage: [2, 400, false],
  invalid_config: [2, 400, false],
  invalid_name: [2, 400, false],
  invalid_request: [2, 400, false],
  too_large: [2, 413, false],
  invalid_source: [2, 422, false],
  invalid_wasm: [2, 422, false],
  not_executable: [2, 422, false],
  file_not_found: [2, 422, false],
  confirmation_required: [2, 400, false],
  not_running: [3, 409, false],
  unhealthy: [3, 503, true],
  unauthenticated: [4, 401, false],
  forbidden: [4, 403, false],
  not_found: [5, 404, false],
  conflict: [6, 409, true],
  locked: [6, 409, true],
  port_in_use: [6, 409, true],
  data_too_new: [6, 409, false],
  unreachable: [7, 503, true],
  timeout: [8, 504, true],
  rolled_back: [9, 422, false],
  changes_pending: [10, 200, false],
  outcome_unknown: [11, 502, true],
  limit_exceeded: [12, 429, true],
  budget_exhausted: [12, 429, false],
} as const satisfies Record<string, readonly [exit: number, status: number, retryable: boolean]>;

export type ErrorCode = keyof typeof table;

/** Whether the failed operation changed anything before it failed. */
export type Applied = "no" | "yes" | "unknown";

/** The body of a `--json` failure and of an HTTP error answer. */
export interface ErrorDocument {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly retryable: boolean;
    readonly applied: Applied;
    readonly exit: number;
    /** Further facts for programs and for the terminal view, such as the last log lines of a failed start. */
    readonly details?: Readonly<Record<string, unknown>>;
  };
}

export interface SoloErrorOptions {
  /** The next step for the reader: a command or an edit. */
  readonly hint?: string;
  /** Defaults to `"no"`. */
  readonly applied?: Applied;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * An expected failure: a value with a code, never shown with a stack, and without tokens in its words. Anything else that is thrown is
 * a bug.
 */
export class SoloError extends Error {
  override readonly name = "SoloError";
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly applied: Applied;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: SoloErrorOptions = {}) {
    super(withoutTokens(message), { cause: options.cause });
    this.code = code;
    this.hint = options.hint === undefined ? null : withoutTokens(options.hint);
    this.applied = options.applied ?? "no";
    this.details = options.details;
  }

  /** The process exit code of a command that ends with this error. */
  get exit(): number {
    return table[this.code][0];
  }

  /** The HTTP status of an answer that carries this error. */
  get status(): number {
    return table[this.code][1];
  }

  /** Whether the same request may succeed later without any change by the caller. */
  get retryable(): boolean {
    return table[this.code][2];
  }

  /** The same error, told by somebody who knows more of whether anything was changed. */
  withApplied(applied: Applied): SoloError {
    const { code, message, hint, details, cause } = this;
    return new SoloError(code, message, {
      applied,
      cause,
      ...(hint !== null && { hint }),
      ...(details && { details }),
    });
  }

  toDocument(): ErrorDocument {
    const { code, message, hint, retryable, applied, exit, details } = this;
    return { error: { code, message, hint, retryable, applied, exit, ...(details && { details }) } };
  }

  /** Rebuilds the error that the other side of a transport sent. An unknown code, from a newer kernel, becomes `failed`. */
  static fromDocument(document: ErrorDocument): SoloError {
    const { code, message, hint, applied, details } = document.error;
    return new SoloError(isErrorCode(code) ? code : "failed", message, {
      applied,
      ...(hint !== null && { hint }),
      ...(details && { details }),
    });
  }

  /**
   * Wraps whatever was thrown. An unexpected error becomes `internal`, keeping its cause for the daemon's log.
   * @param applied what is known of whether the operation changed anything, where the thrown error itself does not say so
   */
  static from(thrown: unknown, applied: Applied = "unknown"): SoloError {
    if (thrown instanceof SoloError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const system = systemCode(thrown);
    if (system === "ENOSPC" || system === "EDQUOT" || system === "SQLITE_FULL") {
      return new SoloError("storage_full", `the disk is full: ${message}`, {
        hint: "free some space, then repeat the command; `solo paths` shows what Solo keeps where",
        applied,
        cause: thrown,
      });
    }
    if (system === "EROFS" || system === "EACCES" || system === "EPERM") {
      return new SoloError("io_error", `the system refuses access: ${message}`, {
        hint: "give yourself access to it; for the data directory, `--data-dir` names another one",
        applied,
        cause: thrown,
      });
    }
    if (system === "EIO" || system?.startsWith("SQLITE_IOERR")) {
      return new SoloError("io_error", `the disk reported an error: ${message}`, {
        hint: "see what the system says of the disk (`dmesg`); `solo paths` shows what Solo keeps where",
        applied,
        cause: thrown,
      });
    }
    return new SoloError("internal", message, {
      hint: "this is a bug in Solo; please report it with the output of `solo doctor --json`",
      applied,
      cause: thrown,
    });
  }
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(table, code);
}

function systemCode(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
