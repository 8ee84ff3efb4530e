import { problemMediaType } from "../problem.ts";

/** The form of a refusal; `error` is what the command line prints with `--json`. */
export const problemSchema = {
  type: "object",
  description: "Problem details (RFC 9457), with the error as the command line tells it.",
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    instance: { type: "string", format: "uri" },
    error: {
      type: "object",
      properties: {
        code: { type: "string" },
        message: { type: "string" },
        hint: { type: ["string", "null"] },
        retryable: { type: "boolean" },
        applied: { type: "string", enum: ["no", "yes", "unknown"] },
        exit: { type: "integer" },
        details: { type: "object", additionalProperties: true },
      },
      required: ["code", "message", "hint", "retryable", "applied", "exit"],
    },
  },
  required: ["type", "title", "status", "detail", "instance", "error"],
} as const;

const content = { [problemMediaType]: { schema: { $ref: "#/components/schemas/Problem" } } };

/** What every operation may answer instead, by status. */
const errorResponses = {
  Invalid: { status: "400", description: "The request is not one that this operation takes." },
  Unauthenticated: { status: "401", description: "There is no token, or it is not valid." },
  Forbidden: { status: "403", description: "The token does not allow it; the permission that lacks is named." },
  NotFound: { status: "404", description: "There is no such thing." },
  Conflict: { status: "409", description: "Something else is in its way." },
  Late: { status: "408", description: "The body did not come in time." },
  Changed: { status: "412", description: "Somebody changed the service meanwhile (`if_updated`, `If-Match`)." },
  TooLarge: { status: "413", description: "The body, or what it asks for, is too large." },
  Unprocessable: {
    status: "422",
    description: "The request is well formed, and what it names can't be used or did not start.",
  },
  Overloaded: { status: "429", description: "A limit is reached; `Retry-After` tells when to come back." },
  TimedOut: { status: "504", description: "It takes longer than `timeout_ms`; what has begun goes on." },
  Failed: { status: "default", description: "It failed; `error.applied` tells whether anything changed." },
} as const;

/** For the description's `components.responses`. */
export const errorComponents = Object.fromEntries(
  Object.entries(errorResponses).map(([name, { description }]) => [name, { description, content }]),
);

/** For the `responses` of an operation, by whether its input is a body, and by its fields. */
export function errorReferences(hasBody: boolean, fields: object): object {
  const isGiven = (name: string) => {
    if (name === "Late" || name === "TooLarge" || name === "Unprocessable") return hasBody;
    if (name === "TimedOut") return "timeout_ms" in fields;
    return name !== "Changed" || "if_updated" in fields;
  };
  return Object.fromEntries(
    Object.entries(errorResponses)
      .filter(([name]) => isGiven(name))
      .map(([name, { status }]) => [status, { $ref: `#/components/responses/${name}` }]),
  );
}
