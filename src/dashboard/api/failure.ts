import type { ErrorDocument } from "../../api/error.ts";

/** A refusal of the kernel, or that it can't be reached. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly hint: string | null;
  readonly retryable: boolean;
  /** Of HTTP; 0 when there was no answer. */
  readonly status: number;

  constructor(status: number, { code, message, hint, retryable }: Omit<ErrorDocument["error"], "exit" | "applied">) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.retryable = retryable;
    this.status = status;
  }
}

/** What an answer that is no success says. */
export async function failureOf(response: Response): Promise<ApiFailure> {
  const text = await response.text();
  try {
    const document: Partial<ErrorDocument> = JSON.parse(text);
    if (document.error !== undefined) return new ApiFailure(response.status, document.error);
  } catch {
    // Something between here and the kernel answered in its own words.
  }
  const message = `the answer is ${response.status} ${response.statusText}, and none of the kernel's`;
  return new ApiFailure(response.status, { code: "unreachable", message, hint: null, retryable: true });
}

/** Whatever was thrown, as a failure that can be shown. */
export function toFailure(thrown: unknown): ApiFailure {
  if (thrown instanceof ApiFailure) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const hint = "the page goes on trying; on the kernel's machine `solo status` tells more";
  return new ApiFailure(0, { code: "unreachable", message: `no answer: ${reason}`, hint, retryable: true });
}
