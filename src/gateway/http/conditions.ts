import { type OperationName, operations, type ServiceStatus, SoloError } from "../../api/index.ts";

/**
 * Conditional changes (RFC 9110, section 13). The entity tag of a service stands for what is wanted of it: its revision, its
 * replicas and whether it runs. What is measured of it changes all the time and counts for nothing here, so that a reader's
 * tag is good for a change as long as nobody else made one.
 */
export function entityTag({ updated }: Pick<ServiceStatus, "updated">): string {
  return `"${Date.parse(updated)}"`;
}

/** An operation's input with the condition that its headers set. See {@link conditionOf}. */
export function withCondition(
  input: Readonly<Record<string, unknown>>,
  headers: Headers,
  name: OperationName,
): Readonly<Record<string, unknown>> {
  return headers.has("if-match") ? { ...input, ...conditionOf(headers, name) } : input;
}

/**
 * `If-Match` as the field of an operation that can be conditional.
 * @throws SoloError `invalid_request` for a tag that no service can have, or an operation without conditions
 */
export function conditionOf(headers: Headers, name: OperationName): { readonly if_updated?: string } {
  const wanted = headers.get("if-match");
  if (wanted === null || wanted === "*") return {};
  const milliseconds = /^"(\d{1,15})"$/.exec(wanted.trim())?.[1];
  if (milliseconds === undefined) {
    throw new SoloError("invalid_request", `If-Match: ${wanted} is not one service's entity tag`, {
      hint: "take it from the header ETag of the service's status",
    });
  }
  if (!("if_updated" in operations[name].input.shape)) {
    throw new SoloError("invalid_request", `If-Match: ${name} can't be made conditional`);
  }
  return { if_updated: new Date(Number(milliseconds)).toISOString() };
}
