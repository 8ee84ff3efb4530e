import type { SoloError } from "../../../api/index.ts";
import { problem } from "../problem.ts";
import { type RequestId, requestIdHeader } from "../request-id.ts";

/** Codes that this interface calls otherwise than the contract. */
const codes: Readonly<Record<string, string>> = {
  invalid_name: "invalid_service_id",
  internal: "internal_error",
};

/** A refusal in this interface's own form, with the fields of problem details (RFC 9457) beside them. */
export async function restProblem(
  error: SoloError,
  about: { readonly version: string; readonly requestId: RequestId },
): Promise<Response> {
  const answer = problem(error, about);
  const { error: _, ...details } = await answer.json();
  const { legacy, ...facts } = error.details ?? {};
  const body = {
    ...details,
    error: typeof legacy === "string" ? legacy : (codes[error.code] ?? error.code),
    message: error.message,
    timestamp: new Date().toISOString(),
    request_id: answer.headers.get(requestIdHeader),
    ...(error.hint !== null && { hint: error.hint }),
    ...(Object.keys(facts).length > 0 && { details: facts }),
  };
  return Response.json(body, { status: answer.status, headers: answer.headers });
}
